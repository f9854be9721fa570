/// What stands between the `---` lines at the top of a lesson.
public struct FrontMatter: Hashable, Sendable {
    /// The lesson's title.
    public var title: String?
    /// The name in addresses.
    public var slug: String?
    /// What the lesson is for.
    public var type: LessonType?
    /// The place within the chapter.
    public var number: Int?
    /// The order in a table of contents.
    public var sidebarPosition: Int?
    /// Minutes of reading or work.
    public var estimatedMinutes: Int?
    /// One sentence on the lesson.
    public var description: String?
    /// Words a reader may look for.
    public var keywords: [String] = []
    /// Learning goals that the lesson serves, as the author sees it; empty leaves it to the words of the lesson.
    public var goals: [String] = []
    /// Keys whose values were not usable, with the reason and the line in the file.
    public var problems: [YAMLProblem] = []
    /// Where the lesson's text begins, in bytes.
    public var bodyOffset: Int = 0

    /// The most bytes front matter may have.
    public static let maximumBytes = 64 * 1024

    /// Front matter that says nothing.
    public init() {}

    /// Reads the front matter of a file; one that has none reads as empty.
    ///
    /// Throws for front matter that is no YAML mapping, is not closed, or is larger than ``maximumBytes``. A single
    /// value of the wrong kind is a problem, and the rest is read.
    public init(of file: [UInt8]) throws(YAMLProblem) {
        let span = file.withUnsafeBufferPointer { FrontMatterSpan($0, end: $0.count) }
        guard let span else { return }
        guard let end = span.end else {
            // A file may begin with a thematic break: only a key on the next line makes it front matter.
            let next = file[span.content].prefix { $0 != .lineFeed }
            guard let colon = next.firstIndex(of: UInt8(ascii: ":")), colon > next.startIndex,
                next[..<colon].allSatisfy({ $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "_") })
            else { return }
            throw YAMLProblem(line: 1, message: "the front matter is not closed by a line ---")
        }
        self.bodyOffset = end
        guard span.content.count <= FrontMatter.maximumBytes else {
            throw YAMLProblem(line: 1, message: "the front matter has more than \(FrontMatter.maximumBytes) bytes")
        }
        guard let table = try YAMLTable.parse(file[span.content], firstLine: 2) else { return }
        var reader = YAMLValues(table)
        self.title = reader.text("title")
        self.slug = reader.text("slug")
        self.type = reader.value("type", expected: "one of lesson, lab, summary, index") {
            LessonType(rawValue: $0.lowercased())
        }
        self.number = reader.integer("number", in: 0...9_999)
        self.sidebarPosition = reader.integer("sidebar_position", in: -99_999...99_999)
        self.estimatedMinutes = reader.integer("estimated_minutes", in: 1...6_000)
        self.description = reader.text("description")
        self.keywords = reader.texts("keywords")
        self.goals = reader.texts("goals").filter { !$0.isEmpty }
        self.problems = reader.problems
    }
}
