/// Puts a completion together from the pieces of a stream, or from the one piece of a whole answer.
struct ChatAssembler {
    private let requestedModel: String
    private let maximumBytes: Int
    private var text = ""
    private var model: String?
    private var usage: UsageWire?
    private var finishReason: String?
    private var hasRefusal = false

    init(requestedModel: String, maximumBytes: Int) {
        self.requestedModel = requestedModel
        self.maximumBytes = maximumBytes
    }

    /// Takes one piece and returns the text that it adds.
    mutating func received(_ answer: ChatWireAnswer) throws(LanguageModelError) -> String {
        if let model = answer.model, !model.isEmpty { self.model = String(model.prefix(200)) }
        if let usage = answer.usage { self.usage = usage }
        // The piece with the usage has no choice; a second choice was never asked for.
        guard let choice = answer.choices.first(where: { ($0.index ?? 0) == 0 }) else { return "" }
        if let reason = choice.finishReason { self.finishReason = reason }
        guard let message = choice.delta ?? choice.message else { return "" }
        if message.refusal?.isEmpty == false { self.hasRefusal = true }
        let added = message.content ?? ""
        guard self.text.utf8.count + added.utf8.count <= self.maximumBytes else {
            throw LanguageModelError(
                code: .tooLarge, message: "the text exceeds \(self.maximumBytes) bytes", isTransient: false)
        }
        self.text += added
        return added
    }

    /// The completion, once a whole answer was read.
    func completion() throws(LanguageModelError) -> ChatCompletion {
        let reason = FinishReason(wire: self.finishReason)
        guard self.text.contains(where: { !$0.isWhitespace }) else {
            switch reason {
            case .length:
                throw LanguageModelError(
                    code: .truncated, message: "the token limit left no room for any text", isTransient: false)
            case .contentFilter:
                throw LanguageModelError(
                    code: .refused, message: "the provider withheld the answer", isTransient: false)
            case .stop, .other:
                if self.hasRefusal {
                    throw LanguageModelError(code: .refused, message: "the model declined", isTransient: false)
                }
                throw LanguageModelError.malformed("the answer has no text")
            }
        }
        return ChatCompletion(
            text: self.text, finishReason: reason, promptTokens: self.usage?.promptTokens,
            completionTokens: self.usage?.completionTokens, model: self.model ?? self.requestedModel)
    }

    /// The completion, once a stream ended; `isDone` tells whether the stream said that it was at its end.
    func completion(isDone: Bool) throws(LanguageModelError) -> ChatCompletion {
        // Some servers leave out the last line, but a reason says as clearly that the text is whole.
        guard isDone || self.finishReason != nil else {
            throw LanguageModelError(
                code: .truncated, message: "the stream broke off after \(self.text.utf8.count) bytes of text",
                isTransient: true)
        }
        return try self.completion()
    }
}
