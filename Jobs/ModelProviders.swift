/// The chat models that may write, in order of preference, and what they may cost.
public struct ModelProviders: Hashable, Sendable {
    /// The first that can be asked is asked. Empty: the embedded rules write everything.
    public var providers: [Provider]
    /// What all providers together may cost on one day of UTC, in millionths of a US dollar; `nil` for no cap.
    public var dailyCapMicros: Int64?
    /// What one learner may cost on one day of UTC, in millionths of a US dollar; `nil` for no cap.
    public var dailyCapMicrosPerLearner: Int64?

    /// Providers and their common caps.
    public init(
        providers: [Provider] = [], dailyCapMicros: Int64? = nil, dailyCapMicrosPerLearner: Int64? = nil
    ) {
        self.providers = providers
        self.dailyCapMicros = dailyCapMicros
        self.dailyCapMicrosPerLearner = dailyCapMicrosPerLearner
    }

    /// One model behind one OpenAI-compatible endpoint.
    public struct Provider: Hashable, Sendable {
        /// The name that operators gave it: `acme`. No two are alike.
        public var name: String
        /// What `/chat/completions` is appended to.
        public var baseURL: String
        public var model: String
        /// The path of the file that holds the key; `nil` where the endpoint asks for none.
        public var keyFile: String?
        /// What the whole fleet may ask of it; `nil` for no limit.
        public var requestsPerMinute: Int?
        public var tokensPerMinute: Int?
        /// Requests at the same time.
        public var concurrency: Int?
        /// The limit of one answer, and of a silence while it streams.
        public var timeout: Duration
        /// Whether answers are read as they are written.
        public var streams: Bool
        /// Stands above what a request asks for.
        public var temperature: Double?
        /// The most tokens of one answer; a request may ask for fewer.
        public var maximumTokens: Int?
        public var tokenLimitField: TokenLimitField
        public var price: Price
        /// What it may cost on one day of UTC, in millionths of a US dollar; `nil` for no cap.
        public var dailyCapMicros: Int64?

        /// A provider with the defaults of the file.
        public init(
            name: String, baseURL: String, model: String, keyFile: String? = nil, requestsPerMinute: Int? = nil,
            tokensPerMinute: Int? = nil, concurrency: Int? = nil, timeout: Duration = .seconds(60),
            streams: Bool = true, temperature: Double? = nil, maximumTokens: Int? = nil,
            tokenLimitField: TokenLimitField = .maxTokens, price: Price = Price(), dailyCapMicros: Int64? = nil
        ) {
            self.name = name
            self.baseURL = baseURL
            self.model = model
            self.keyFile = keyFile
            self.requestsPerMinute = requestsPerMinute
            self.tokensPerMinute = tokensPerMinute
            self.concurrency = concurrency
            self.timeout = timeout
            self.streams = streams
            self.temperature = temperature
            self.maximumTokens = maximumTokens
            self.tokenLimitField = tokenLimitField
            self.price = price
            self.dailyCapMicros = dailyCapMicros
        }
    }

    /// The field that carries a request's token limit.
    public enum TokenLimitField: String, Sendable, CaseIterable {
        case maxTokens = "max_tokens"
        case maxCompletionTokens = "max_completion_tokens"
    }

    /// What tokens cost, in millionths of a US dollar for a million of them.
    public struct Price: Hashable, Sendable {
        public var inputMicrosPerMillion: Int64
        public var outputMicrosPerMillion: Int64

        /// A price; free where nothing is given.
        public init(inputMicrosPerMillion: Int64 = 0, outputMicrosPerMillion: Int64 = 0) {
            self.inputMicrosPerMillion = inputMicrosPerMillion
            self.outputMicrosPerMillion = outputMicrosPerMillion
        }

        /// More tokens than any answer has: what a provider counts beyond it is a mistake of its own.
        public static let mostTokens = 100_000_000

        /// What a request costs, in millionths of a US dollar, rounded up.
        public func micros(promptTokens: Int, completionTokens: Int) -> Int64 {
            func cost(_ tokens: Int, _ price: Int64) -> Int64 {
                Int64(min(max(0, tokens), Self.mostTokens)) * price
            }
            let cost =
                cost(promptTokens, self.inputMicrosPerMillion) + cost(completionTokens, self.outputMicrosPerMillion)
            return (cost + 999_999) / 1_000_000
        }
    }
}
