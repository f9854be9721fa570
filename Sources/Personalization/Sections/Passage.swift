import Textbook

/// A part of a section: a heading of level 1 to 3 with the blocks up to the next heading.
struct Passage {
    /// The heading, unless the blocks stand before the first one.
    let heading: Heading?
    /// Indices of the blocks, the heading included.
    let blocks: Range<Int>
    /// Terms in the prose, each once, in the order of their first use.
    let terms: [Int]

    /// The passages of a section, in their order.
    /// - Parameter mentions: the terms that each block mentions.
    static func passages(of blocks: [Block], mentions: [[Int]]) -> [Passage] {
        let starts = [0] + blocks.indices.filter { $0 > 0 && (blocks[$0].heading?.level ?? 7) <= 3 }
        return zip(starts, starts.dropFirst() + [blocks.count]).filter { $0 < $1 }.map { start, end in
            var seen: Set<Int> = []
            let terms = mentions[start..<end].joined().filter { seen.insert($0).inserted }
            let heading = blocks[start..<end].first { $0.kind != .blank }?.heading
            return Passage(heading: heading, blocks: start..<end, terms: terms)
        }
    }

    /// Headings under which nothing is taught that could be skimmed or summed up.
    private static let frames: Set<String> = [
        "learning objectives", "objectives", "reflection questions", "questions", "exercises", "try with ai", "summary",
        "key takeaways", "prerequisites", "further reading", "glossary", "what you need",
    ]

    /// True before the first heading and under headings that only frame the teaching.
    var isFrame: Bool {
        self.heading.map { Self.frames.contains(Self.key($0.text)) } ?? true
    }

    /// False under headings that only frame the teaching; what stands before the first heading does teach.
    var isTeaching: Bool { self.heading == nil || !self.isFrame }

    private static func key(_ heading: String) -> String {
        String(heading.lowercased().drop { !$0.isLetter }.trimmingSuffix { !$0.isLetter })
    }

    /// Whether the passage only goes over what the learner knows; one term alone proves too little.
    func isSkimmable(for slice: some ReaderSlice, _ glossary: Glossary) -> Bool {
        guard !self.isFrame, (self.heading?.level ?? 1) > 1, self.terms.count >= 2 else { return false }
        return self.terms.allSatisfy {
            slice.skims(glossary.terms[$0].domain) && glossary.terms[$0].level != .advanced
        }
    }

    /// The mark that tells an experienced reader what the passage goes over.
    func skimMark(for slice: some ReaderSlice, _ phrases: Phrases, _ glossary: Glossary) -> String? {
        guard self.isSkimmable(for: slice, glossary) else { return nil }
        let names = self.terms.prefix(3).map { glossary.terms[$0].term }
        return phrases.text(.skim, ["terms": phrases.list(names)])
    }

    /// The line below the heading that says in the learner's language what the passage is about.
    func gloss(_ phrases: Phrases, _ glossary: Glossary) -> String? {
        guard let heading = self.heading, heading.level > 1 else { return nil }
        if let known = phrases.headings[Self.key(heading.text)] {
            return phrases.text(.headingPlain, ["gloss": known])
        }
        let names = self.terms.prefix(4).map { glossary.terms[$0].term }
        guard !names.isEmpty else { return nil }
        let line = phrases.text(.headingTerms, ["terms": phrases.list(names)])
        return line.isEmpty ? nil : line
    }

    /// The sentence of the passage that says most, as plain text: one with a term in bold, with words of the trade or
    /// with measures before others, the earlier before the later.
    func keyPoint(in body: [UInt8], _ blocks: [Block], _ glossary: Glossary) -> String? {
        guard !self.isFrame, self.heading?.level == 2 else { return nil }
        var best: (score: Int, text: String)?
        for paragraph in blocks[self.blocks].filter({ $0.kind == .paragraph }).prefix(4) {
            for sentence in PlainText.sentences(ProseText.visible(body, paragraph)) {
                let text = PlainText.line(sentence, limit: 240)
                guard (24...220).contains(text.count), text.first?.isUppercase == true else { continue }
                let score =
                    (sentence.contains("**") ? 2 : 0) + glossary.mentions(in: Array(sentence.utf8)).count
                    + Measures.find(in: sentence).count
                if score > best?.score ?? -1 { best = (score, text) }
            }
        }
        return best?.text
    }
}

extension StringProtocol {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> SubSequence {
        guard let last = self.lastIndex(where: { !predicate($0) }) else {
            return self[self.startIndex..<self.startIndex]
        }
        return self[...last]
    }
}
