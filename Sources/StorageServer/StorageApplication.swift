import FoundationEssentials
public import Logging
import MCP
public import MCPServing

/// The MCP storage server: objects in buckets under a directory, as tools.
public struct StorageApplication: Sendable {
    /// Where to serve and what to keep.
    public struct Configuration: Hashable, Sendable {
        /// The address to listen on. Anything but a loopback address serves other machines.
        public var host: String
        /// The port to listen on; 0 takes a free one.
        public var port: Int
        /// Where the objects lie. Only the last component may be missing.
        public var dataDirectory: String
        /// Bytes of one request, and of one object at most.
        public var maximumBodyBytes: Int
        /// The credential that every request must bring; `nil` asks for none.
        public var bearerToken: String?
        /// The names by which clients reach the server. `nil` means this machine's own names where `host` is a loopback
        /// address, and any name elsewhere. See `MCPServerAccess`.
        public var allowedHosts: [String]?
        /// Threads that read and write files.
        public var threads: Int

        public init(
            host: String = "127.0.0.1", port: Int = 8001, dataDirectory: String, maximumBodyBytes: Int = 16 << 20,
            bearerToken: String? = nil, allowedHosts: [String]? = nil, threads: Int = 8
        ) {
            self.host = host
            self.port = port
            self.dataDirectory = dataDirectory
            self.maximumBodyBytes = maximumBodyBytes
            self.bearerToken = bearerToken
            self.allowedHosts = allowedHosts
            self.threads = threads
        }
    }

    /// What runs: a service to add to the process's group.
    public let service: MCPApplication

    /// Opens the store. `onListening` learns the port once the server listens.
    ///
    /// Throws ``StorageError`` where the data directory cannot be used.
    public init(
        configuration: Configuration, version: String, logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) throws(StorageError) {
        let store = try ObjectStore(
            path: configuration.dataDirectory,
            limits: ObjectStore.Limits(maximumObjectBytes: configuration.maximumBodyBytes), now: { Date() })
        let pool = BlockingPool(label: "storage", width: configuration.threads)
        var limits = MCPServerLimits()
        limits.maximumBodyBytes = configuration.maximumBodyBytes
        let core = MCPServerCore(
            name: "lectern-storage", version: version,
            instructions: "Objects in buckets. Keys are paths; content is text or base64.",
            tools: StorageTools(store: store, pool: pool).definitions, limits: limits,
            access: MCPServerAccess(
                listeningOn: configuration.host, names: configuration.allowedHosts,
                bearerToken: configuration.bearerToken), logger: logger)
        self.service = MCPApplication(
            core: core, configuration: .init(host: configuration.host, port: configuration.port), logger: logger,
            findProblems: {
                do {
                    try await pool.run { try store.checkWritable() }
                    return []
                } catch {
                    return [(error as? StorageError)?.message ?? "The store does not answer."]
                }
            }, onListening: onListening)
    }
}
