/// What `book.yaml` says; everything in it may be absent.
struct BookManifest {
    struct PartEntry {
        var line: Int
        var number: Int?
        var title: String?
        var layer: Layer?
        var tier: Tier?
        var folder: String?
        var weeks: [Int]
        var chapters: [ChapterEntry]
    }

    struct ChapterEntry {
        var line: Int
        var number: Int?
        var title: String?
        var folder: String?
        var prerequisites: [Int]
        var transitionCheck: String?
        /// Files the author promises, by name.
        var lessons: [String]
    }

    var slug: String?
    var title: String?
    var language: String?
    var parts: [PartEntry] = []
    var problems: [YAMLProblem] = []

    /// The most bytes a manifest may have.
    static let maximumBytes = 1024 * 1024

    init() {}

    init(_ bytes: [UInt8]) throws(YAMLProblem) {
        guard bytes.count <= BookManifest.maximumBytes else {
            throw YAMLProblem(line: 1, message: "the file has more than \(BookManifest.maximumBytes) bytes")
        }
        guard let table = try YAMLTable.parse(bytes[...], firstLine: 1) else { return }
        var values = YAMLValues(table)
        self.slug = values.text("slug")
        self.title = values.text("title")
        self.language = values.value("language", expected: "a language tag such as en or pt-BR") { text in
            let isTag = text.utf8.allSatisfy { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") }
            return isTag && (2...35).contains(text.utf8.count) ? text : nil
        }
        for part in values.tables("parts") { self.parts.append(self.part(part)) }
        self.problems += values.problems
    }

    private mutating func part(_ table: YAMLTable) -> PartEntry {
        var values = YAMLValues(table)
        var entry = PartEntry(
            line: table.line,
            number: values.integer("number", in: 0...9_999),
            title: values.text("title"),
            layer: values.value("layer", expected: "L1…L5 or a range such as L2-L3") { Layer($0) },
            tier: values.value("tier", expected: "one of A2, B1, B2, C1, C2") { Tier($0) },
            folder: values.text("folder") ?? values.text("folder_name"),
            weeks: values.integers("weeks", in: 1...520),
            chapters: [])
        if entry.weeks.count == 1 { entry.weeks.append(entry.weeks[0]) }
        if entry.weeks.count > 2 || (entry.weeks.count == 2 && entry.weeks[0] > entry.weeks[1]) {
            self.problems.append(YAMLProblem(line: table.line, message: "weeks must be [first, last]"))
            entry.weeks = []
        }
        for chapter in values.tables("chapters") { entry.chapters.append(self.chapter(chapter)) }
        self.problems += values.problems
        return entry
    }

    private mutating func chapter(_ table: YAMLTable) -> ChapterEntry {
        var values = YAMLValues(table)
        let entry = ChapterEntry(
            line: table.line,
            number: values.integer("number", in: 0...9_999),
            title: values.text("title"),
            folder: values.text("folder") ?? values.text("folder_name"),
            prerequisites: values.integers("prerequisites", in: 0...9_999),
            transitionCheck: values.text("transition_check"),
            lessons: values.texts("lessons"))
        self.problems += values.problems
        return entry
    }
}
