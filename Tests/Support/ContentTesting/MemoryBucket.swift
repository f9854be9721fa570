import ContentHashing
import Synchronization
public import TextbookSync

/// A bucket in memory that can be broken at any single call.
public final class MemoryBucket: Sendable {
    /// What can be asked of it.
    public enum Call: Hashable, Sendable {
        case put, get, head, delete, list
    }

    private struct State {
        var objects: [String: [UInt8]] = [:]
        var calls: [Call: Int] = [:]
        var puts: [String] = []
        var interference: (@Sendable (Call, String) async throws -> Void)?
    }

    private let state = Mutex(State())
    /// Whether the server tells checksums.
    public let tellsChecksums: Bool
    /// Whether the server lists.
    public let lists: Bool

    /// An empty bucket.
    public init(tellsChecksums: Bool = true, lists: Bool = true) {
        self.tellsChecksums = tellsChecksums
        self.lists = lists
    }

    /// What it holds.
    public var objects: [String: [UInt8]] { self.state.withLock { $0.objects } }
    /// The names of what it holds.
    public var keys: Set<String> { Set(self.objects.keys) }
    /// Calls so far that were to change something.
    public var writes: Int { self.state.withLock { ($0.calls[.put] ?? 0) + ($0.calls[.delete] ?? 0) } }
    /// Keys in the order in which they were written.
    public var puts: [String] { self.state.withLock { $0.puts } }

    /// Calls so far.
    public func count(_ call: Call) -> Int { self.state.withLock { $0.calls[call] ?? 0 } }

    /// Changes an object behind everybody's back.
    public func set(_ key: String, _ body: [UInt8]?) { self.state.withLock { $0.objects[key] = body } }

    /// Runs before every call; what it throws is the call's failure.
    public func interfere(_ body: (@Sendable (Call, String) async throws -> Void)?) {
        self.state.withLock { $0.interference = body }
    }

    /// The bucket as its users know it.
    public var bucket: LessonBucket {
        LessonBucket(
            put: { key, body in
                try await self.enter(.put, key)
                self.state.withLock {
                    $0.objects[key] = body
                    $0.puts.append(key)
                }
                return self.info(body)
            },
            get: { key in
                try await self.enter(.get, key)
                return self.objects[key]
            },
            head: { key in
                try await self.enter(.head, key)
                return self.objects[key].map(self.info)
            },
            delete: { key in
                try await self.enter(.delete, key)
                self.set(key, nil)
            },
            list: { prefix in
                guard self.lists else { return nil }
                try await self.enter(.list, prefix)
                return self.objects.filter { $0.key.hasPrefix(prefix) }.mapValues(self.info)
            })
    }

    private func enter(_ call: Call, _ key: String) async throws {
        let interference = self.state.withLock { state in
            state.calls[call, default: 0] += 1
            return state.interference
        }
        try await interference?(call, key)
        try Task.checkCancellation()
    }

    private func info(_ body: [UInt8]) -> BlobInfo {
        BlobInfo(size: body.count, sha256: self.tellsChecksums ? SHA256Hex.of(body).uppercased() : nil)
    }
}
