public import Logging
import MCPServing
import Synchronization

/// Collections of vectors in memory, made durable by logs under one directory of the file system.
///
/// - A change is answered when it would survive a loss of power, and seen by readers only then, whole.
/// - Searches look at every record and are exact. They run on the state that stood when they began and are never held up
///   by a writer.
///
/// Layout: `lock`, `scratch/` for unfinished folders, `collections/<name>/log-<generation>`.
public final class VectorStore: Sendable {
    /// What is known of a collection.
    public struct CollectionInfo: Hashable, Sendable {
        public let name: String
        public let dimension: Int
        /// Records.
        public let count: Int
        /// An estimate of its memory in bytes.
        public let memoryBytes: Int
        /// Bytes of its log.
        public let diskBytes: Int
    }

    public let limits: VectorLimits
    let pool: BlockingPool
    private let directory: SharedDataDirectory
    private let folder: OpenFile
    private let collections: Mutex<[String: VectorCollection]>
    /// Held while a collection is created or dropped, which blocks on the file system.
    private let administration = Mutex(0)
    private let budget: MemoryBudget
    private let randomNumber: @Sendable () -> UInt64
    private let logger: Logger

    /// Opens the store at `path`, of which only the last component may be missing, and reads all collections.
    ///
    /// `randomNumber` need not be secret to more than callers; searches and writes run on `threads` threads. Throws
    /// ``VectorError``: `inUse`, `corrupted`, `storageFull`, `ioFailure`.
    public init(
        path: String, limits: VectorLimits = VectorLimits(), threads: Int = 4,
        randomNumber: @escaping @Sendable () -> UInt64, logger: Logger
    ) throws(VectorError) {
        self.limits = limits
        self.pool = BlockingPool(label: "vectors", width: threads)
        self.budget = MemoryBudget(limit: limits.maximumMemoryBytes)
        self.randomNumber = randomNumber
        self.logger = logger
        do {
            self.directory = try SharedDataDirectory(path: path)
            try self.directory.directory.root.createDirectory("collections")
            guard let folder = try self.directory.directory.root.directory("collections") else {
                throw FileError.missing
            }
            var collections: [String: VectorCollection] = [:]
            var names: [CollectionName] = []
            try folder.forEachName { if let name = try? CollectionName($0) { names.append(name) } }
            for name in names {
                guard let own = try folder.directory(name.text) else { continue }
                collections[name.text] = try Self.open(
                    name, own, in: self.directory, limits: limits, budget: self.budget, pool: self.pool,
                    randomNumber: randomNumber,
                    logger: logger)
            }
            self.folder = folder
            self.collections = Mutex(collections)
        } catch {
            throw VectorError(error)
        }
    }

    private static func open(
        _ name: CollectionName, _ folder: consuming OpenFile, in directory: SharedDataDirectory, limits: VectorLimits,
        budget: MemoryBudget,
        pool: BlockingPool, randomNumber: @escaping @Sendable () -> UInt64, logger: Logger
    ) throws -> VectorCollection {
        let opened = try CollectionLog.open(folder, name: name)
        if opened.tornBytes > 0 {
            logger.warning(
                "Vector log ended in an unfinished write, which was removed",
                metadata: ["collection": "\(name)", "bytes": "\(opened.tornBytes)"])
        }
        return VectorCollection(
            name: name, opened: opened, directory: directory, compactionThreshold: limits.compactionThreshold,
            budget: budget, pool: pool,
            randomNumber: randomNumber, logger: logger)
    }

    /// Creates a collection, or does nothing where it stands with the same dimension; tells which.
    ///
    /// Throws ``VectorError``: `dimensionMismatch`, `invalidArgument`, `capacityExceeded`, `storageFull`, `ioFailure`.
    public func createCollection(_ name: CollectionName, dimension: Int) async throws -> Bool {
        guard (1...self.limits.maximumDimension).contains(dimension) else {
            throw VectorError(
                .invalidArgument, "dimension is a whole number from 1 to \(self.limits.maximumDimension).")
        }
        return try await self.administer {
            if let standing = self.collections.withLock({ $0[name.text] }) {
                guard standing.dimension == dimension else {
                    throw VectorError(
                        .dimensionMismatch,
                        "The collection '\(name)' exists with dimension \(standing.dimension), not \(dimension).")
                }
                return false
            }
            guard self.collections.withLock({ $0.count }) < self.limits.maximumCollections else {
                throw VectorError(
                    .capacityExceeded, "There may be \(self.limits.maximumCollections) collections, and there are.")
            }
            // A name of an earlier attempt that failed half-way.
            let unfinished = "create-\(name)"
            try self.directory.directory.scratch.removeTree(unfinished)
            try self.directory.directory.scratch.createDirectory(unfinished)
            guard let created = try self.directory.directory.scratch.directory(unfinished) else {
                throw FileError.missing
            }
            try CollectionLog.create(in: created, dimension: dimension, salt: self.randomNumber())
            try self.directory.directory.scratch.rename(unfinished, to: self.folder, as: name.text)
            try self.folder.synchronize()
            let collection = try Self.open(
                name, created, in: self.directory, limits: self.limits, budget: self.budget, pool: self.pool,
                randomNumber: self.randomNumber, logger: self.logger)
            self.collections.withLock { $0[name.text] = collection }
            return true
        }
    }

    /// Removes a collection with all its records; false where there is none. Throws ``VectorError``.
    public func dropCollection(_ name: CollectionName) async throws -> Bool {
        try await self.administer {
            guard let collection = self.collections.withLock({ $0.removeValue(forKey: name.text) }) else {
                return false
            }
            collection.drop()
            let removed = "drop-\(name)"
            try self.directory.directory.scratch.removeTree(removed)
            try self.folder.rename(name.text, to: self.directory.directory.scratch, as: removed)
            try self.folder.synchronize()
            try self.directory.directory.scratch.removeTree(removed)
            return true
        }
    }

    /// Runs one creation or removal at a time, away from the threads of Swift's concurrency.
    private func administer(_ body: @escaping @Sendable () throws -> Bool) async throws -> Bool {
        try await self.pool.run {
            try self.administration.withLock { _ in
                do {
                    return try body()
                } catch {
                    throw VectorError(error)
                }
            }
        }
    }

    /// All collections in the order of their names.
    public func collectionInfos() -> [CollectionInfo] {
        self.collections.withLock { Array($0.values) }.sorted { $0.name.text < $1.name.text }.map { collection in
            let state = collection.snapshot()
            return CollectionInfo(
                name: collection.name.text, dimension: collection.dimension, count: state.count,
                memoryBytes: state.memoryBytes, diskBytes: collection.logStatus().bytes)
        }
    }

    /// Memory that all records take, as the store estimates it, in bytes.
    public var memoryBytes: Int { self.budget.used }

    /// The names of collections that take no more writes because one failed.
    public func brokenCollections() -> [String] {
        self.collections.withLock { Array($0.values) }.filter { $0.logStatus().isBroken }.map(\.name.text).sorted()
    }

    func collection(_ name: CollectionName) throws(VectorError) -> VectorCollection {
        guard let collection = self.collections.withLock({ $0[name.text] }) else {
            throw VectorError(.collectionNotFound, "There is no collection '\(name)'.")
        }
        return collection
    }
}
