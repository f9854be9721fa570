import Learners

/// A versioned prompt: named texts from one Markdown file.
struct PromptFile: Sendable {
    /// The versions that exist; an edited prompt gets a new one, so that old text is never passed off as new.
    enum Version: String, Sendable {
        case v2
    }

    let version: Version
    private let sections: [String: String]

    /// The texts that a prompt file must hold.
    private static let required: [String] =
        ["system", "user", "retry", "glossary.en", "glossary.ur", "glossary.none"]
        + ProfileSlice.ProgrammingBand.allCases.map { "programming.\($0.rawValue)" }
        + ["robotics.no", "robotics.yes", "ai.no", "ai.yes"]
        + PreferredLanguage.allCases.map { "language.\($0.rawValue)" }

    /// - Throws: ``PersonalizationError`` when the file is missing or lacks a text.
    init(_ version: Version) throws(PersonalizationError) {
        let file: BundledFile =
            switch version {
            case .v2: .promptV2
            }
        self.version = version
        self.sections = Self.sections(of: String(decoding: try file.read(), as: UTF8.self))
        let missing = Self.required.filter { self.sections[$0] == nil }
        guard missing.isEmpty else {
            throw PersonalizationError(
                .resourceUnreadable, "The prompt \(version.rawValue) lacks: \(missing.joined(separator: ", ")).")
        }
    }

    /// Sentences that hold nothing of a section or a reader; an answer that repeats one is an echo.
    var instructions: [String] {
        let lines: [Substring] = self.sections.values.flatMap { $0.split(separator: "\n") }
        let sentences: [Substring] = lines.flatMap { $0.split(separator: ". ") }
        let telling: [Substring] = sentences.filter { $0.count >= 40 && !$0.contains("{{") }
        return telling.map { String($0.drop { $0 == "-" || $0 == " " }) }.sorted()
    }

    /// A text with its `{{names}}` filled in, in one pass: braces inside a value stay as they are.
    func text(_ name: String, _ values: [String: String] = [:]) -> String {
        var rest = (self.sections[name] ?? "")[...]
        var result = ""
        while let open = rest.firstRange(of: "{{"), let close = rest[open.upperBound...].firstRange(of: "}}") {
            result += rest[..<open.lowerBound]
            result += values[String(rest[open.upperBound..<close.lowerBound])] ?? ""
            rest = rest[close.upperBound...]
        }
        return result + rest
    }

    private static func sections(of text: String) -> [String: String] {
        var sections: [String: String] = [:]
        var name: String?
        var lines: [Substring] = []
        func finish() {
            guard let name else { return }
            while lines.first?.isEmpty == true { lines.removeFirst() }
            while lines.last?.isEmpty == true { lines.removeLast() }
            sections[name] = lines.joined(separator: "\n")
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("## ") {
                finish()
                name = String(line.dropFirst(3))
                lines = []
            } else {
                lines.append(line)
            }
        }
        finish()
        return sections
    }
}
