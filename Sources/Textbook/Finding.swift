/// Something an author should know about the book's files.
public struct Finding: Codable, Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Whether the book can be published all the same.
    public enum Severity: String, Codable, Sendable, Hashable {
        /// The book must not be published.
        case error
        /// The book reads, but likely not as meant.
        case warning
    }

    /// How bad it is.
    public var severity: Severity
    /// What kind it is, a stable word such as `duplicate_slug`.
    public var code: Code
    /// The file, relative to the book's root; empty when the whole book is meant.
    public var file: String
    /// The line, from 1, where there is one.
    public var line: Int?
    /// What is wrong.
    public var message: String
    /// What to do about it.
    public var advice: String

    /// A finding from its fields.
    public init(
        _ severity: Severity, _ code: Code, file: String, line: Int? = nil, message: String, advice: String
    ) {
        self.severity = severity
        self.code = code
        self.file = file
        self.line = line
        self.message = message
        self.advice = advice
    }

    /// `file:line: error: message (advice)`, the form editors and terminals can follow.
    public var description: String {
        let place = self.file.isEmpty ? "book" : self.file
        let line = self.line.map { ":\($0)" } ?? ""
        return "\(place)\(line): \(self.severity.rawValue): \(self.message) (\(self.advice))"
    }

    /// By file, then line, then code: the order of reports.
    public static func < (left: Finding, right: Finding) -> Bool {
        (left.file, left.line ?? 0, left.code.rawValue, left.message)
            < (right.file, right.line ?? 0, right.code.rawValue, right.message)
    }
}

extension Finding {
    /// The kinds of findings.
    public enum Code: String, Codable, Sendable, Hashable, CaseIterable {
        case badFrontMatter = "bad_front_matter"
        case badManifest = "bad_manifest"
        case badValue = "bad_value"
        case brokenLink = "broken_link"
        case deadEnd = "dead_end"
        case duplicateNumber = "duplicate_number"
        case duplicateSlug = "duplicate_slug"
        case emptyBook = "empty_book"
        case hostileName = "hostile_name"
        case missingFile = "missing_file"
        case missingTitle = "missing_title"
        case notUTF8 = "not_utf8"
        case oversize = "oversize"
        case prerequisiteCycle = "prerequisite_cycle"
        case secret
        case unclosedAdmonition = "unclosed_admonition"
        case unclosedFence = "unclosed_fence"
        case unknownGoal = "unknown_goal"
        case unknownPrerequisite = "unknown_prerequisite"
        case unlisted = "unlisted"
        case unplacedFile = "unplaced_file"
    }
}
