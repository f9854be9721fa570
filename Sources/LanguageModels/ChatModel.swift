/// A model that answers a conversation with text.
public protocol ChatModel: Sendable {
    /// Which model answers; stands beside every text it wrote.
    var name: String { get }

    /// Asks for one answer. Throws ``LanguageModelError``, and what its ``ModelLimits`` throw.
    ///
    /// An answer cut off by its token limit is returned, with `finishReason` saying so; an answer without any text is
    /// an error.
    func complete(_ request: ChatRequest) async throws -> ChatCompletion
}
