public import IPAddresses
public import IdentityTokens
public import LanguageModels
public import Logging
public import PipelineJobs

/// Everything a Lectern process can be told, read once when it starts.
///
/// `Settings+ConfigReader.swift` names the keys; docs/configuration.md explains them.
public struct Settings: Sendable {
    public struct Database: Sendable {
        /// A libpq connection string; may lead through a transaction-pooling PgBouncer.
        public var url = ""
        /// A connection string that reaches PostgreSQL itself, for LISTEN. Equal to `url` where none is given.
        public var directURL = ""
        public var maximumConnections = 8
    }

    /// How to reach one MCP server.
    public struct MCPServer: Sendable {
        public var url: String
        public var token: APIKey?
        /// A JSON file that maps our operations to the server's tools; `nil` for our own servers.
        public var mappingFile: String?
        /// The bucket, or the prefix of the collections.
        public var container: String

        /// The token itself, for a request's header and nothing else.
        package var bearerToken: String? { self.token?.value }
    }

    /// An OpenAI-compatible endpoint; without a base URL the embedded default works.
    public struct Model: Sendable {
        public var baseURL: String?
        public var key: APIKey?
        public var model: String?
        /// Numbers per vector, for embeddings only.
        public var dimension: Int?
        /// The folder of the static model that embeds where there is no endpoint, for embeddings only; without it the
        /// hashing embedder does.
        public var folder: String?
    }

    public struct Search: Sendable {
        /// The share of the vectors in a result's score, 0 to 100; `nil` takes what suits the embedding model.
        public var vectorPercent: Int?
        /// How long the model and the vector server may take before words answer alone.
        public var vectorTime: Duration = .milliseconds(300)
    }

    /// What the API process lets its callers do.
    public struct Web: Sendable {
        /// Requests for work of one learner in a minute; `nil` without a limit.
        public var learnerPerMinute: Int? = 600
        /// Requests for work from one address in a minute; `nil` without a limit.
        public var addressPerMinute: Int?
        /// Proxies whose `X-Forwarded-For` is believed.
        public var trustedProxies: [IPNetwork] = []
        /// Whose pages may call the API.
        public var origins: [String] = []
        /// Where security faults are reported, a `mailto:` or `https:` address.
        public var securityContact: String?
        /// The operator's receivers of webhooks.
        public var webhooksFile: String?
        /// Whose tokens learners sign in with; `nil` leaves them anonymous.
        public var signIn: TokenPolicy?
        /// How long a leaving API process still answers, so that its proxy can turn away from it.
        public var shutdownDelay: Duration = .zero
    }

    public struct Log: Sendable {
        public var level: Logger.Level = .info
        public var isJSON = false
    }

    public struct Worker: Sendable {
        /// Runs at the same time; the role's own number where none is given.
        public var slots: Int?
        public var drainTimeout: Duration = .seconds(25)
    }

    public var database = Database()
    public var storage = MCPServer(url: "http://localhost:8001/sse", container: "books_main")
    public var vectors = MCPServer(url: "http://localhost:8002/sse", container: "lectern")
    /// The chat models that may write, in order of preference.
    public var providers = ModelProviders()
    /// The keys of those that ask for one, by the provider's name.
    public var providerKeys: [String: APIKey] = [:]
    public var embedding = Model()
    public var search = Search()
    /// Tokens that may be spent on writing ahead after a publication; 0 for none.
    public var prewarmTokens = 0
    public var web = Web()
    public var log = Log()
    public var worker = Worker()
    /// Opens the operators' console, sent as a bearer token; without one it answers on the loopback address only.
    public var operatorKey: APIKey?
    /// The book that the API serves; the only one in the database where none is given.
    public var book: String?
    public var host = "127.0.0.1"
    public var port = 0
    /// Where an embedded server keeps its files; a folder for one server only.
    public var dataDirectory = ".lectern/data"

    public init() {}

    /// The operators' token itself.
    package var operatorToken: String? { self.operatorKey?.value }

    /// A setting that cannot be used, and what to do about it.
    public struct Problem: Error, CustomStringConvertible, Sendable {
        public let description: String

        public init(_ description: String) {
            self.description = description
        }
    }
}
