import Textbook

/// A lesson cut into the sections that are written one by one.
public struct LessonPlan: Hashable, Sendable {
    /// The lesson's title as plain text, fit to stand in a sentence.
    public let title: String
    /// The sections in their order; their bytes, put together, are the lesson's body. Empty for an empty body.
    public let sections: [SectionSource]
    /// The sections as they were read, in the same order: frames are composed from them.
    let readings: [SectionReading]

    /// Cuts a lesson at its headings of level 1 and 2 that stand in no list, quotation or admonition.
    ///
    /// What stands before the first heading is a section of its own, unless it is white space. No text is an error,
    /// and the work grows with the length of the text.
    public init(_ lesson: LessonSource, glossary: Glossary) {
        let title = PlainText.line(lesson.title, limit: 120)
        let body = lesson.body
        let ranges = SectionCut.ranges(of: body, atLevel: 2)
        let readings = ranges.map { SectionReading(Array(body[$0]), glossary: glossary) }
        let headings = readings.map(\.heading)
        var introduced: Set<Int> = []
        self.title = title
        self.readings = readings
        self.sections = ranges.indices.map { index in
            let reading = readings[index]
            let new = reading.taughtTerms.filter { introduced.insert($0).inserted }
            return SectionSource(
                ordinal: index, lessonTitle: title, markdown: reading.bytes, heading: headings[index],
                previousHeading: index > 0 ? headings[index - 1] : nil,
                nextHeading: index + 1 < headings.count ? headings[index + 1] : nil,
                introducedTerms: new.map { glossary.terms[$0].term }, facts: reading.facts(glossary))
        }
    }

    /// Plans of the same sections are the same.
    public static func == (left: LessonPlan, right: LessonPlan) -> Bool {
        left.title == right.title && left.sections == right.sections
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.title)
        hasher.combine(self.sections)
    }

    /// The names of the generations that make up this lesson for a slice, in the sections' order.
    public func keys(for slice: ProfileSlice, by recipe: SectionRecipe) -> [GenerationKey] {
        self.sections.map { GenerationKey($0, for: SectionSlice(slice, for: $0.facts), by: recipe) }
    }
}

/// Where a text is cut into pieces that each begin with a heading.
enum SectionCut {
    /// No lesson for people has more; what follows belongs to the last section, so that no text asks for endless
    /// generations.
    static let maximumSections = 512

    /// Ranges that partition the text: each begins with a heading of at most the level, or with the text.
    static func ranges(of body: [UInt8], atLevel level: Int) -> [Range<Int>] {
        guard !body.isEmpty else { return [] }
        let blocks = BlockScanner.scan(body)
        // At the beginning of a text a byte order mark is none of its characters; within it, it is one.
        var starts = blocks.filter {
            ($0.heading?.level ?? 7) <= level && !body[$0.range].startsWithByteOrderMark
        }.map(\.range.lowerBound)
        // White space before the first heading belongs to it.
        if let first = blocks.first(where: { $0.kind != .blank }), first.range.lowerBound == starts.first {
            starts[0] = 0
        }
        if starts.first != 0 { starts.insert(0, at: 0) }
        starts = Array(starts.prefix(Self.maximumSections))
        return zip(starts, starts.dropFirst() + [body.count]).map { $0..<$1 }
    }
}
