import Foundation
public import Learners

/// The sentences that say reasons to people, in every language that learners can choose.
public struct ReasonTexts: Sendable {
    private let sentences: [PreferredLanguage: [String: String]]

    /// The sentences that ship with this module.
    /// - Throws: ``PathError`` when a file is missing or lacks a sentence.
    public static func bundled() throws(PathError) -> ReasonTexts {
        var sentences: [PreferredLanguage: [String: String]] = [:]
        let names = Reason.Code.allCases.map(\.rawValue) + LearningGoal.allCases.map(\.rawValue)
        for language in PreferredLanguage.allCases {
            let file = try PathFile.decode([String: String].self, "reasons.\(language.rawValue).json")
            let missing = names.filter { file[$0] == nil }
            guard missing.isEmpty else {
                throw PathError(
                    .resourceUnreadable,
                    "The sentences in \(language.rawValue) lack: \(missing.joined(separator: ", ")).")
            }
            sentences[language] = file
        }
        return ReasonTexts(sentences: sentences)
    }

    /// The reason as a sentence.
    public func text(_ reason: Reason, in language: PreferredLanguage) -> String {
        let sentences = self.sentences[language] ?? [:]
        let code = reason.code.rawValue
        // A reason may have a second sentence for an empty value, such as a chapter without a check.
        let hasEmpty = reason.params.values.contains(.text(""))
        let sentence = (hasEmpty ? sentences["\(code)_EMPTY"] : nil) ?? sentences[code] ?? code
        return SentenceTemplate(sentence).filled { name in
            switch reason.params[name] {
            case .text(let text): name == "goal" ? sentences[text] ?? text : text
            case .number(let number): String(number)
            case nil: nil
            }
        }
    }
}

extension GoalWords {
    /// The words that ship with this module.
    /// - Throws: ``PathError`` when the file is missing or names an unknown goal.
    public static func bundled() throws(PathError) -> GoalWords {
        let words = try PathFile.decode([String: [String]].self, "goal-words.json")
        var byGoal: [LearningGoal: [String]] = [:]
        for (name, beginnings) in words {
            guard let goal = LearningGoal(rawValue: name) else {
                throw PathError(.resourceUnreadable, "The goal words name an unknown goal.")
            }
            byGoal[goal] = beginnings
        }
        return GoalWords(words: byGoal)
    }
}

/// A data file of this module.
enum PathFile {
    static func decode<Value: Decodable>(_: Value.Type, _ name: String) throws(PathError) -> Value {
        let address = Bundle.module.bundleURL.appendingPathComponent("Phrases/\(name)")
        do {
            return try JSONDecoder().decode(Value.self, from: try Data(contentsOf: address))
        } catch {
            throw PathError(.resourceUnreadable, "The bundled file \(name) cannot be read.")
        }
    }
}

/// Why a learner's path cannot be told.
public struct PathError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: String, Hashable, Sendable {
        case unknownLearner = "not_found"
        case unknownLesson = "unknown_lesson"
        /// The installation lacks a file.
        case resourceUnreadable = "resource_unreadable"
        /// A stored row, or the published book, holds what this version does not know.
        case corruptRow = "corrupt_row"
    }

    public let code: Code
    /// For people; holds no learner's id.
    public let message: String

    /// An error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The code and the message.
    public var description: String { "\(self.code.rawValue): \(self.message)" }
}
