import ContentHashing
public import MCP
import Textbook

/// What a bucket says of an object.
public struct BlobInfo: Hashable, Sendable {
    /// In bytes.
    public var size: Int
    /// 64 hex digits in lower case; `nil` where the storage server tells no checksum.
    public let sha256: String?

    public init(size: Int, sha256: String?) {
        self.size = size
        self.sha256 = sha256?.lowercased()
    }
}

/// The bucket that holds the lessons' texts, reduced to what the book needs of it.
///
/// Closures instead of the MCP client itself, so that tests can break any single call at any moment.
public struct LessonBucket: Sendable {
    public var put: @Sendable (_ key: String, _ body: [UInt8]) async throws -> BlobInfo
    /// `nil` where there is no such object.
    public var get: @Sendable (_ key: String) async throws -> [UInt8]?
    /// `nil` where there is no such object.
    public var head: @Sendable (_ key: String) async throws -> BlobInfo?
    /// Removing what is not there is no error.
    public var delete: @Sendable (_ key: String) async throws -> Void
    /// Everything whose key begins so; `nil` where the server cannot list.
    public var list: @Sendable (_ prefix: String) async throws -> [String: BlobInfo]?

    public init(
        put: @escaping @Sendable (_ key: String, _ body: [UInt8]) async throws -> BlobInfo,
        get: @escaping @Sendable (_ key: String) async throws -> [UInt8]?,
        head: @escaping @Sendable (_ key: String) async throws -> BlobInfo?,
        delete: @escaping @Sendable (_ key: String) async throws -> Void,
        list: @escaping @Sendable (_ prefix: String) async throws -> [String: BlobInfo]? = { _ in nil }
    ) {
        self.put = put
        self.get = get
        self.head = head
        self.delete = delete
        self.list = list
    }

    /// A bucket behind an MCP storage server. Every call has the client's deadline.
    public init(_ store: MCPObjectStore) {
        self.init(
            put: { key, body in
                BlobInfo(try await store.put(key: key, body: body, contentType: "text/markdown; charset=utf-8"))
            },
            get: { key in try await store.get(key: key) },
            head: { key in
                // What a server cannot tell of an object, for example since it is damaged, is written anew.
                try await Self.unlessFailed { try await store.head(key: key).map(BlobInfo.init) }
            },
            delete: { key in _ = try await store.delete(key: key) },
            // One damaged object may keep a server from listing; then each is asked for.
            list: { prefix in try await Self.unlessFailed { try await Self.list(store, prefix) } })
    }
}

extension LessonBucket {
    /// More objects than this are not listed: a server that answers without end must not fill the memory.
    private static let mostListed = 1_000_000

    /// `nil` where the tool ran and failed. Outages and refusals are errors as ever.
    private static func unlessFailed<T>(_ body: () async throws -> T?) async throws -> T? {
        do {
            return try await body()
        } catch let error as MCPError where error.code == .toolFailed {
            return nil
        }
    }

    private static func list(_ store: MCPObjectStore, _ prefix: String) async throws -> [String: BlobInfo]? {
        guard store.canList else { return nil }
        var objects: [String: BlobInfo] = [:]
        var token: String?
        repeat {
            let page = try await store.list(prefix: prefix, pageToken: token)
            for info in page.objects { objects[info.key] = BlobInfo(info) }
            guard page.nextPageToken == nil || (page.nextPageToken != token && !page.objects.isEmpty),
                objects.count <= Self.mostListed
            else { throw MCPError(code: .protocolViolation, message: "The listing of \(prefix) does not end") }
            token = page.nextPageToken
        } while token != nil
        return objects
    }
}

extension BlobInfo {
    init(_ info: ObjectInfo) {
        self.init(size: info.size, sha256: info.sha256)
    }
}

extension LessonBucket {
    /// Whether the object is just these bytes. Where the server tells no checksum, the object is read.
    package func holds(_ key: String, size: Int, sha256: String) async throws -> Bool {
        guard let info = try await self.head(key), info.size == size else { return false }
        if let told = info.sha256 { return told == sha256 }
        guard let body = try await self.get(key) else { return false }
        return SHA256Hex.of(body) == sha256
    }

    /// The same with the help of a listing, which spares a call for every object that it tells enough of.
    package func holds(
        _ key: String, size: Int, sha256: String, listed: [String: BlobInfo]?
    ) async throws -> Bool {
        if let info = listed?[key] {
            if let told = info.sha256 { return told == sha256 && info.size == size }
            // Not every server's listing tells sizes.
            if info.size == size { return true }
        }
        return try await self.holds(key, size: size, sha256: sha256)
    }

    /// Whether the bucket holds the text that readers of the lesson are served.
    package func holds(_ lesson: PublishedLesson) async throws -> Bool {
        try await self.holds(lesson.objectKey, size: lesson.sizeBytes, sha256: lesson.sha256)
    }
}
