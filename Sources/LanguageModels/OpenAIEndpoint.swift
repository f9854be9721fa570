/// Where an OpenAI-compatible API stands and how long to wait for it.
public struct OpenAIEndpoint: Sendable {
    /// The address that `/chat/completions` and `/embeddings` are appended to: `https://api.openai.com/v1`,
    /// `http://127.0.0.1:11434/v1`.
    public var baseURL: String
    /// Sent as a bearer token; local servers need none.
    public var key: APIKey?
    /// The limit of one request, to its last byte.
    public var timeout: Duration
    /// The longest silence of a provider while it streams.
    public var idleTimeout: Duration
    public var connectTimeout: Duration
    /// The most bytes of one answer.
    public var maximumAnswerBytes: Int

    public init(
        baseURL: String, key: APIKey? = nil, timeout: Duration = .seconds(120), idleTimeout: Duration = .seconds(60),
        connectTimeout: Duration = .seconds(5), maximumAnswerBytes: Int = 8 << 20
    ) {
        self.baseURL = baseURL
        self.key = key
        self.timeout = timeout
        self.idleTimeout = idleTimeout
        self.connectTimeout = connectTimeout
        self.maximumAnswerBytes = maximumAnswerBytes
    }
}
