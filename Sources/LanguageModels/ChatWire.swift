/// The body of `POST /chat/completions`.
struct ChatWireRequest: Encodable {
    var model: String
    var messages: [ChatMessage]
    var temperature: Double?
    var maxTokens: Int?
    var maxCompletionTokens: Int?
    var seed: Int?
    var stop: [String]?
    var stream: Bool?
    var streamOptions: StreamOptions?

    struct StreamOptions: Encodable {
        var includeUsage: Bool

        private enum CodingKeys: String, CodingKey {
            case includeUsage = "include_usage"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case model, messages, temperature, seed, stop, stream
        case maxTokens = "max_tokens"
        case maxCompletionTokens = "max_completion_tokens"
        case streamOptions = "stream_options"
    }
}

/// A whole answer, or one piece of a streamed one: they differ in `message` and `delta`.
struct ChatWireAnswer: Decodable {
    var model: String?
    var choices: [Choice]
    var usage: UsageWire?

    struct Choice: Decodable {
        var index: Int?
        var message: Message?
        var delta: Message?
        var finishReason: String?

        private enum CodingKeys: String, CodingKey {
            case index, message, delta
            case finishReason = "finish_reason"
        }
    }

    struct Message: Decodable {
        var content: String?
        var refusal: String?

        private enum CodingKeys: String, CodingKey {
            case content, refusal
        }

        private struct Part: Decodable {
            var text: String?
        }

        /// `content` is text, or a list of parts of which the texts count.
        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            if let parts = try? container.decode([Part].self, forKey: .content) {
                self.content = parts.compactMap(\.text).joined()
            } else {
                self.content = try container.decodeIfPresent(String.self, forKey: .content)
            }
            self.refusal = try container.decodeIfPresent(String.self, forKey: .refusal)
        }
    }
}

/// Counts of tokens. They are a courtesy: senseless ones are left out, and never spoil an answer.
struct UsageWire: Decodable {
    var promptTokens: Int?
    var completionTokens: Int?

    private enum CodingKeys: String, CodingKey {
        case promptTokens = "prompt_tokens"
        case completionTokens = "completion_tokens"
    }

    init(from decoder: any Decoder) throws {
        guard let container = try? decoder.container(keyedBy: CodingKeys.self) else { return }
        func count(_ key: CodingKeys) -> Int? {
            guard let count = try? container.decode(Int.self, forKey: key), count >= 0 else { return nil }
            return count
        }
        self.promptTokens = count(.promptTokens)
        self.completionTokens = count(.completionTokens)
    }
}
