/// A question whose answer is known: what search is measured by.
public struct RetrievalQuestion: Sendable, Hashable, Codable {
    /// How a question is put.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// In the words of the text.
        case plain
        /// With few words in common with the text.
        case lowOverlap = "low_overlap"
    }

    public var id: String
    public var question: String
    /// The lesson that answers it.
    public var lessonSlug: String
    /// The words of the lesson that answer it, on whatever lines they stand.
    public var goldExcerpt: String
    public var kind: Kind

    enum CodingKeys: String, CodingKey {
        case id, question, kind
        case lessonSlug = "lesson_slug"
        case goldExcerpt = "gold_excerpt"
    }

    /// A question from its fields.
    public init(id: String, question: String, lessonSlug: String, goldExcerpt: String, kind: Kind) {
        self.id = id
        self.question = question
        self.lessonSlug = lessonSlug
        self.goldExcerpt = goldExcerpt
        self.kind = kind
    }

    /// Questions from lines of `id`, `question`, `lesson_slug`, `gold_excerpt` and `kind` between tabs. Empty lines,
    /// lines that begin with `#` and a first line of column names are passed over.
    /// - Throws: ``RetrievalFileError`` naming the line.
    public static func questions(fromTSV text: String) throws(RetrievalFileError) -> [RetrievalQuestion] {
        var questions: [RetrievalQuestion] = []
        var ids: Set<String> = []
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        for (index, line) in lines.enumerated() {
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            let columns = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            if index == 0, columns.first == "id" { continue }
            guard columns.count == 5 else {
                throw RetrievalFileError(line: index + 1, message: "\(columns.count) columns instead of 5")
            }
            guard let kind = Kind(rawValue: columns[4]) else {
                throw RetrievalFileError(line: index + 1, message: "the kind is neither plain nor low_overlap")
            }
            guard columns.prefix(4).allSatisfy({ !self.plain($0).isEmpty }) else {
                throw RetrievalFileError(line: index + 1, message: "a column is empty")
            }
            guard ids.insert(columns[0]).inserted else {
                throw RetrievalFileError(line: index + 1, message: "the id \(columns[0]) stands there already")
            }
            questions.append(
                RetrievalQuestion(
                    id: columns[0], question: columns[1], lessonSlug: columns[2], goldExcerpt: columns[3], kind: kind))
        }
        guard !questions.isEmpty else { throw RetrievalFileError(line: 1, message: "no questions") }
        return questions
    }

    /// True for a chunk of the lesson that contains the excerpt; white space counts as one space.
    func isAnswered(lessonSlug: String, text: String) -> Bool {
        lessonSlug == self.lessonSlug && Self.plain(text).contains(Self.plain(self.goldExcerpt))
    }

    private static func plain(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}

/// A line that is no question.
public struct RetrievalFileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// From 1.
    public let line: Int
    public let message: String

    public var description: String { "line \(self.line): \(self.message)" }
}
