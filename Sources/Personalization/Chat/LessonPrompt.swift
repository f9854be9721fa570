import LanguageModels
import Learners

/// What a chat model is asked for one lesson and one profile.
///
/// The profile enters as closed words chosen here; ids, dates and free text of a learner have no way in. The lesson
/// stands between two boundary lines that its author could not know.
struct LessonPrompt {
    let placeholders: LessonPlaceholders
    let boundary: String
    /// The first question: a system message and a user message.
    let messages: [ChatMessage]
    private let file: PromptFile

    /// - Parameter nonce: random bits for the boundary, passed in so that prompts can be repeated in tests.
    init(_ lesson: LessonSource, profile: LearnerProfile, file: PromptFile, nonce: UInt64) {
        self.file = file
        self.placeholders = LessonPlaceholders(lesson)
        var boundary = "=====\(String(nonce, radix: 36, uppercase: true))====="
        // A lesson that holds the boundary by chance or by malice gets another one.
        while self.placeholders.masked.contains(boundary) { boundary += "=" }
        self.boundary = boundary
        self.messages = [
            ChatMessage(
                role: .system,
                content: file.text(
                    "system",
                    [
                        "reader": Self.reader(profile), "rules": Self.rules(profile, file), "boundary": boundary,
                    ])),
            ChatMessage(
                role: .user,
                content: file.text("user", ["boundary": boundary, "lesson": self.placeholders.masked])),
        ]
    }

    /// The conversation after an answer that broke rules.
    func messages(after answer: String, failures: [CheckFailure]) -> [ChatMessage] {
        let list = failures.map { "- \($0.message)" }.joined(separator: "\n")
        return self.messages + [
            ChatMessage(role: .assistant, content: answer),
            ChatMessage(role: .user, content: self.file.text("retry", ["failures": list])),
        ]
    }

    private static func reader(_ profile: LearnerProfile) -> String {
        [
            "education: \(profile.educationLevel.rawValue)", "programming: \(profile.programmingExperience.rawValue)",
            "robotics: \(profile.roboticsBackground ? "yes" : "no")", "AI: \(profile.aiMLExperience.rawValue)",
            "goals: \(profile.orderedGoals.map(\.rawValue).joined(separator: ", "))",
            "language: \(profile.preferredLanguage.rawValue)",
        ].map { "- \($0)" }.joined(separator: "\n")
    }

    private static func rules(_ profile: LearnerProfile, _ file: PromptFile) -> String {
        let slice = ProfileSlice(profile)
        let names =
            [
                "programming.\(slice.programming.rawValue)", "robotics.\(slice.knowsRobotics ? "yes" : "no")",
                "ai.\(slice.knowsAI ? "yes" : "no")", "education.\(profile.educationLevel.rawValue)",
            ] + profile.orderedGoals.map { "goal.\($0.rawValue)" } + ["language.\(profile.preferredLanguage.rawValue)"]
        return names.map { "- \(file.text($0))" }.joined(separator: "\n")
    }
}
