public import Learners

/// A lesson written anew for a learner.
public struct GeneratedLesson: Hashable, Sendable {
    /// Markdown that passed every check.
    public var text: String
    /// Who wrote it, as the learner is told: `embedded/rules-v1`, `openai/<model>/prompt-v1`.
    public var generator: String
    /// The version of the prompt, where there was one.
    public var promptVersion: String?
    /// Tokens over all attempts, as the provider counted them.
    public var promptTokens: Int
    public var completionTokens: Int
    /// How often a model was asked.
    public var attempts: Int

    /// A lesson from its parts.
    public init(
        text: String, generator: String, promptVersion: String? = nil, promptTokens: Int = 0,
        completionTokens: Int = 0, attempts: Int = 0
    ) {
        self.text = text
        self.generator = generator
        self.promptVersion = promptVersion
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.attempts = attempts
    }
}

/// Writes lessons for learners.
public protocol LessonGenerator: Sendable {
    /// Writes one lesson for one profile. What comes back passed ``Validators``.
    /// - Throws: ``PersonalizationError`` when no text passed the checks, and the model client's error when it could
    ///   not be asked.
    func write(_ lesson: LessonSource, for profile: LearnerProfile) async throws -> GeneratedLesson
}
