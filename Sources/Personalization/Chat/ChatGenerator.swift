public import LanguageModels
public import Learners

/// Has a chat model write a lesson, checks the answer, and asks again with what was wrong.
public struct ChatGenerator: LessonGenerator {
    /// How long and how often a model is asked.
    public struct Configuration: Sendable {
        /// The provider's name, as it stands in ``GeneratedLesson/generator``.
        public var provider = "openai"
        /// Answers that break a rule may be mended this many times.
        public var maximumRetries = 2
        /// The limit for one answer.
        public var timeout: Duration = .seconds(60)
        /// 0 gives the most probable text.
        public var temperature: Double? = 0.3
        /// The most tokens of one answer; `nil` leaves it to the provider.
        public var maximumTokens: Int?

        /// The defaults.
        public init() {}
    }

    private let model: any ChatModel
    private let configuration: Configuration
    private let file: PromptFile
    private let nonce: @Sendable () -> UInt64

    /// A generator over a model.
    /// - Parameter nonce: random bits for the boundary around each lesson.
    /// - Throws: ``PersonalizationError`` when the bundled prompt is missing.
    public init(
        model: any ChatModel, configuration: Configuration = Configuration(),
        nonce: @escaping @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) }
    ) throws(PersonalizationError) {
        self.model = model
        self.configuration = configuration
        self.file = try PromptFile(.v1)
        self.nonce = nonce
    }

    /// Asks up to `1 + maximumRetries` times.
    /// - Throws: ``PersonalizationError`` with `rejectedText` when no answer passed, or `LanguageModelError` when the
    ///   model could not be asked.
    public func write(_ lesson: LessonSource, for profile: LearnerProfile) async throws -> GeneratedLesson {
        let prompt = LessonPrompt(lesson, profile: profile, file: self.file, nonce: self.nonce())
        var messages = prompt.messages
        var result = GeneratedLesson(text: "", generator: "", promptVersion: self.file.version.rawValue)
        var failures: [CheckFailure] = []
        for attempt in 1...(1 + max(0, self.configuration.maximumRetries)) {
            try Task.checkCancellation()
            let completion = try await self.model.complete(
                ChatRequest(
                    messages: messages, temperature: self.configuration.temperature,
                    maximumTokens: self.configuration.maximumTokens, timeout: self.configuration.timeout))
            result.attempts = attempt
            result.promptTokens += completion.promptTokens ?? 0
            result.completionTokens += completion.completionTokens ?? 0
            // What a provider withheld once it withholds again, and a rewording would only hide the reason.
            if completion.finishReason == .contentFilter {
                throw PersonalizationError(.rejectedText, "The provider withheld the answer.")
            }
            switch self.checked(completion, prompt, lesson) {
            case .success(let text):
                result.text = text
                result.generator =
                    "\(self.configuration.provider)/\(completion.model)/prompt-\(self.file.version.rawValue)"
                return result
            case .failure(let refusal): failures = refusal.failures
            }
            messages = prompt.messages(after: completion.text, failures: failures)
        }
        let checks = failures.map(\.check.rawValue).joined(separator: ", ")
        throw PersonalizationError(
            .rejectedText, "No answer of the model passed the checks; the last one broke \(checks).")
    }

    private struct Refusal: Error {
        var failures: [CheckFailure]
    }

    private func checked(
        _ completion: ChatCompletion, _ prompt: LessonPrompt, _ lesson: LessonSource
    ) -> Result<String, Refusal> {
        if let failure = Validators.finish(completion.finishReason.word) {
            return .failure(Refusal(failures: [failure]))
        }
        switch prompt.placeholders.restore(completion.text) {
        case .failure(let refusal): return .failure(Refusal(failures: [refusal.failure]))
        case .success(let text):
            let context = CheckContext(
                finishReason: completion.finishReason.word, lengthBounds: .chat, boundary: prompt.boundary)
            let failures = Validators.failures(of: text, for: lesson, context: context)
            return failures.isEmpty ? .success(text) : .failure(Refusal(failures: failures))
        }
    }
}

extension FinishReason {
    /// The reason as providers write it.
    fileprivate var word: String {
        switch self {
        case .stop: "stop"
        case .length: "length"
        case .contentFilter: "content_filter"
        case .other(let word): word.isEmpty ? "unknown" : word
        }
    }
}
