public import Logging
import MCP
public import MCPServing

/// The MCP vector server: collections of vectors with exact cosine search, as tools.
public struct VectorApplication: Sendable {
    /// Where to serve and what to keep.
    public struct Configuration: Hashable, Sendable {
        /// The address to listen on. Anything but a loopback address serves other machines.
        public var host: String
        /// The port to listen on; 0 takes a free one.
        public var port: Int
        /// Where the logs lie. Only the last component may be missing.
        public var dataDirectory: String
        /// Bytes of one request.
        public var maximumBodyBytes: Int
        /// The credential that every request must bring; `nil` asks for none.
        public var bearerToken: String?
        /// The names by which clients reach the server. `nil` means this machine's own names where `host` is a loopback
        /// address, and any name elsewhere. See `MCPServerAccess`.
        public var allowedHosts: [String]?
        /// Threads that search and write.
        public var threads: Int
        /// The bounds of the store.
        public var limits: VectorLimits

        public init(
            host: String = "127.0.0.1", port: Int = 8002, dataDirectory: String, maximumBodyBytes: Int = 16 << 20,
            bearerToken: String? = nil, allowedHosts: [String]? = nil, threads: Int = 4,
            limits: VectorLimits = VectorLimits()
        ) {
            self.host = host
            self.port = port
            self.dataDirectory = dataDirectory
            self.maximumBodyBytes = maximumBodyBytes
            self.bearerToken = bearerToken
            self.allowedHosts = allowedHosts
            self.threads = threads
            self.limits = limits
        }
    }

    /// What runs: a service to add to the process's group.
    public let service: MCPApplication

    /// Opens the store and reads all collections. `onListening` learns the port once the server listens.
    ///
    /// Throws ``VectorError`` where the data directory cannot be used or is damaged.
    public init(
        configuration: Configuration, version: String, logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) throws(VectorError) {
        let store = try VectorStore(
            path: configuration.dataDirectory, limits: configuration.limits, threads: configuration.threads,
            randomNumber: { UInt64.random(in: 0...UInt64.max) }, logger: logger)
        var limits = MCPServerLimits()
        limits.maximumBodyBytes = configuration.maximumBodyBytes
        let core = MCPServerCore(
            name: "lectern-vectordal", version: version,
            instructions: "Collections of vectors of one dimension each, searched exactly by cosine similarity.",
            tools: VectorTools(store: store).definitions, limits: limits,
            access: MCPServerAccess(
                listeningOn: configuration.host, names: configuration.allowedHosts,
                bearerToken: configuration.bearerToken), logger: logger)
        self.service = MCPApplication(
            core: core, configuration: .init(host: configuration.host, port: configuration.port), logger: logger,
            findProblems: {
                store.brokenCollections().map { "The collection '\($0)' takes no writes since one failed." }
            }, onListening: onListening)
    }
}
