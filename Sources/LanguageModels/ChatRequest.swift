/// One turn of a conversation.
public struct ChatMessage: Codable, Hashable, Sendable {
    public enum Role: String, Codable, Sendable {
        case system, user, assistant
    }

    public var role: Role
    public var content: String

    public init(role: Role, content: String) {
        self.role = role
        self.content = content
    }
}

/// What to ask of a ``ChatModel``. Fields left `nil` keep the model's own defaults.
public struct ChatRequest: Hashable, Sendable {
    public var messages: [ChatMessage]
    /// 0 for the most probable text; providers allow up to 2.
    public var temperature: Double?
    /// The most tokens of the answer.
    public var maximumTokens: Int?
    /// Makes sampling repeatable where the provider supports it.
    public var seed: Int?
    /// Texts at which the answer ends, themselves left out.
    public var stop: [String]
    /// The limit for the whole answer; `nil` takes the endpoint's.
    public var timeout: Duration?

    public init(
        messages: [ChatMessage], temperature: Double? = nil, maximumTokens: Int? = nil, seed: Int? = nil,
        stop: [String] = [], timeout: Duration? = nil
    ) {
        self.messages = messages
        self.temperature = temperature
        self.maximumTokens = maximumTokens
        self.seed = seed
        self.stop = stop
        self.timeout = timeout
    }
}
