import ContentHashing
public import FoundationEssentials
import MCPServing
import Synchronization

/// Objects in buckets under one directory of the file system.
///
/// - An object's file is written aside, made durable and renamed into place: whatever happens in between, a reader finds
///   the object as it was or as it became. Of several writers the one that renames last wins.
/// - Content is compared with its SHA-256 whenever it is read; damage is an error and never served.
/// - Every call blocks on the file system, so it belongs on a ``BlockingPool``. The store is safe to share.
///
/// Layout: `lock`, `scratch/` for unfinished files, `buckets/<bucket>/` and below it what ``ObjectPath`` says.
public final class ObjectStore: Sendable {
    /// The bounds of a store.
    public struct Limits: Hashable, Sendable {
        /// The largest content of one object, in bytes.
        public var maximumObjectBytes: Int
        /// The longest content type, in bytes.
        public var maximumContentTypeBytes: Int

        public init(maximumObjectBytes: Int = 16 << 20, maximumContentTypeBytes: Int = 255) {
            self.maximumObjectBytes = maximumObjectBytes
            self.maximumContentTypeBytes = maximumContentTypeBytes
        }
    }

    let limits: Limits
    private let directory: DataDirectory
    private let buckets: OpenFile
    private let now: @Sendable () -> Date
    private let serial = Atomic<UInt64>(0)

    /// Opens the store at `path`, of which only the last component may be missing, and removes what an earlier process
    /// left unfinished.
    ///
    /// Throws ``StorageError``: `inUse` while another process serves the directory, `ioFailure`, `storageFull`.
    public init(path: String, limits: Limits = Limits(), now: @escaping @Sendable () -> Date) throws(StorageError) {
        self.limits = limits
        self.now = now
        do {
            self.directory = try DataDirectory(path: path)
            try self.directory.root.createDirectory("buckets")
            guard let buckets = try self.directory.root.directory("buckets") else {
                throw StorageError(.ioFailure, "The folder of the buckets vanished while it was opened.")
            }
            self.buckets = buckets
        } catch {
            throw Self.typed(error)
        }
    }

    /// Stores `content` under `key` and returns when it would survive a loss of power.
    ///
    /// Putting what already stands there, byte for byte and with the same type, writes nothing and answers with the
    /// object as it stands. Throws ``StorageError``: `tooLarge`, `storageFull`, `invalidArgument`, `ioFailure`.
    public func put(
        _ key: ObjectKey, in bucket: BucketName, content: [UInt8], contentType: String
    ) throws(StorageError) -> StoredObject {
        guard content.count <= self.limits.maximumObjectBytes else {
            throw StorageError(
                .tooLarge,
                "The content has \(content.count) bytes; an object may have \(self.limits.maximumObjectBytes).")
        }
        try self.check(contentType: contentType)
        do {
            let sha256 = SHA256Hex.of(content)
            let path = ObjectPath(key)
            if let standing = try self.standing(key, in: bucket, at: path, sha256: sha256, contentType: contentType) {
                return standing
            }
            let object = StoredObject(
                key: key, size: content.count, sha256: sha256, contentType: contentType,
                modifiedAt: StoredObject.timestamp(self.now()))
            let name = "put-\(self.serial.wrappingAdd(1, ordering: .relaxed).newValue)"
            do {
                try self.write(ObjectHeader(object).encoded(), content, to: name)
                try self.install(name, in: bucket, at: path)
            } catch {
                // A leftover costs only room, and the next start removes it; the first error is the one to report.
                _ = try? self.directory.scratch.removeFile(name)
                throw error
            }
            return object
        } catch {
            throw Self.typed(error)
        }
    }

    /// The object and its content; `nil` where there is none.
    ///
    /// Throws ``StorageError``: `corrupted`, `ioFailure`.
    public func get(
        _ key: ObjectKey, in bucket: BucketName
    ) throws(StorageError) -> (object: StoredObject, content: [UInt8])? {
        do {
            guard let file = try self.openFile(ObjectPath(key), in: bucket) else { return nil }
            return try self.read(file, key: key)
        } catch {
            throw Self.typed(error)
        }
    }

    /// The object without its content, which is not checked; `nil` where there is none.
    ///
    /// Throws ``StorageError``: `corrupted`, `ioFailure`.
    public func head(_ key: ObjectKey, in bucket: BucketName) throws(StorageError) -> StoredObject? {
        do {
            guard let file = try self.openFile(ObjectPath(key), in: bucket) else { return nil }
            return try self.readHeader(file, key: key)
        } catch {
            throw Self.typed(error)
        }
    }

    /// Removes the object; false where there is none. Throws ``StorageError``: `ioFailure`.
    public func delete(_ key: ObjectKey, in bucket: BucketName) throws(StorageError) -> Bool {
        do {
            let path = ObjectPath(key)
            guard let root = try self.buckets.directory(bucket.text) else { return false }
            return try self.remove(path, from: path.folders[...], under: root).removed
        } catch {
            throw Self.typed(error)
        }
    }

    /// The buckets that anything was ever put into, in order.
    ///
    /// Throws ``StorageError``: `ioFailure`.
    public func bucketNames() throws(StorageError) -> [BucketName] {
        do {
            var names: [BucketName] = []
            try self.buckets.forEachName { if let name = try? BucketName($0) { names.append(name) } }
            return names.sorted { $0.text < $1.text }
        } catch {
            throw Self.typed(error)
        }
    }

    /// Writes and removes a small file, to learn whether the store can still take objects.
    ///
    /// Throws ``StorageError``: `storageFull`, `ioFailure`.
    public func checkWritable() throws(StorageError) {
        do {
            let name = "check-\(self.serial.wrappingAdd(1, ordering: .relaxed).newValue)"
            try self.directory.scratch.createFile(name).write([0x6F, 0x6B])
            _ = try self.directory.scratch.removeFile(name)
        } catch {
            throw Self.typed(error)
        }
    }

    /// The folder of a bucket; `nil` where nothing was ever put into it.
    func folder(of bucket: BucketName) throws -> OpenFile? {
        try self.buckets.directory(bucket.text)
    }

    static func typed(_ error: any Error) -> StorageError {
        switch error {
        case let error as StorageError: error
        case let error as FileError: StorageError(error)
        case is DataDirectory.InUse: StorageError(.inUse, "Another process serves this data directory.")
        default: StorageError(.ioFailure, "The storage server failed unexpectedly.")
        }
    }
}

extension ObjectStore {
    private func check(contentType: String) throws(StorageError) {
        let isPrintable = contentType.utf8.allSatisfy { (0x20...0x7E).contains($0) }
        guard isPrintable, (1...self.limits.maximumContentTypeBytes).contains(contentType.utf8.count) else {
            throw StorageError(
                .invalidArgument,
                "content_type has 1 to \(self.limits.maximumContentTypeBytes) printable ASCII characters.")
        }
    }

    /// The object that stands at `path`, if it is already the one that is to be put there and undamaged.
    private func standing(
        _ key: ObjectKey, in bucket: BucketName, at path: ObjectPath, sha256: String, contentType: String
    ) throws -> StoredObject? {
        guard let root = try self.buckets.directory(bucket.text),
            let folder = try self.descend(path.folders[...], from: root),
            let file = try folder.file(path.file)
        else { return nil }
        guard let header = try? self.readHeader(file, key: key), header.sha256 == sha256,
            header.contentType == contentType, let (object, _) = try? self.read(file, key: key)
        else {
            // Another object, or a damaged one: the put writes it anew.
            return nil
        }
        // Its writer may have renamed it without having made the name durable yet.
        try folder.synchronize()
        return object
    }

    private func write(_ header: [UInt8], _ content: [UInt8], to name: String) throws {
        let file = try self.directory.scratch.createFile(name)
        try file.write(header)
        try file.write(content)
        try file.synchronize()
    }

    /// Moves a finished file to its place, creating the folders on the way.
    private func install(_ name: String, in bucket: BucketName, at path: ObjectPath) throws {
        // A deletion removes folders that became empty. Where it removes one under our feet we begin again.
        var attempts = 0
        while true {
            do {
                try self.buckets.createDirectory(bucket.text)
                guard let root = try self.buckets.directory(bucket.text) else {
                    throw FileError.missing
                }
                try self.install(name, as: path.file, below: path.folders[...], under: root)
                return
            } catch let error as FileError where error.isMissing && attempts < 100 {
                attempts += 1
            }
        }
    }

    private func install(
        _ name: String, as file: String, below folders: ArraySlice<String>, under folder: borrowing OpenFile
    ) throws {
        guard let next = folders.first else {
            try self.directory.scratch.rename(name, to: folder, as: file)
            try folder.synchronize()
            return
        }
        try folder.createDirectory(next)
        guard let child = try folder.directory(next) else { throw FileError.missing }
        try self.install(name, as: file, below: folders.dropFirst(), under: child)
    }

    /// Removes a file and then the folders above it that became empty; `isEmpty` tells whether to go on doing so.
    private func remove(
        _ path: ObjectPath, from folders: ArraySlice<String>, under folder: borrowing OpenFile
    ) throws -> (removed: Bool, isLast: Bool) {
        guard let next = folders.first else {
            guard try folder.removeFile(path.file) else { return (false, false) }
            try folder.synchronize()
            return (true, true)
        }
        guard let child = try folder.directory(next) else { return (false, false) }
        let (removed, isLast) = try self.remove(path, from: folders.dropFirst(), under: child)
        guard removed, isLast else { return (removed, false) }
        // Not empty, or just filled by a writer: then the folder stays.
        let isGone = (try? folder.removeDirectory(next)) ?? false
        return (true, isGone)
    }

    private func descend(_ folders: ArraySlice<String>, from folder: borrowing OpenFile) throws -> OpenFile? {
        guard let next = folders.first else { return try folder.directory(".") }
        guard let child = try folder.directory(next) else { return nil }
        return try self.descend(folders.dropFirst(), from: child)
    }

    private func openFile(_ path: ObjectPath, in bucket: BucketName) throws -> OpenFile? {
        guard let root = try self.buckets.directory(bucket.text),
            let folder = try self.descend(path.folders[...], from: root)
        else { return nil }
        return try folder.file(path.file)
    }

    /// Reads the header of an object's file and holds it against the file's size and the key it lies under.
    func readHeader(_ file: borrowing OpenFile, key: ObjectKey) throws -> StoredObject {
        try self.header(file, key: key).object
    }

    private func header(_ file: borrowing OpenFile, key: ObjectKey) throws -> (object: StoredObject, length: Int) {
        let size = try file.size()
        var head = try file.read(count: 4096, at: 0)
        if head.count == 4096, ObjectHeader.decode(head) == nil {
            head = try file.read(count: ObjectHeader.fixedBytes + ObjectHeader.maximumBytes, at: 0)
        }
        guard let (header, length) = ObjectHeader.decode(head) else { throw Self.damaged(key) }
        let object = header.object
        guard object.key == key, object.size == size - length else { throw Self.damaged(key) }
        return (object, length)
    }

    private func read(_ file: borrowing OpenFile, key: ObjectKey) throws -> (object: StoredObject, content: [UInt8]) {
        let (object, length) = try self.header(file, key: key)
        let content = try file.read(count: object.size, at: length)
        guard content.count == object.size, SHA256Hex.of(content) == object.sha256 else { throw Self.damaged(key) }
        return (object, content)
    }

    private static func damaged(_ key: ObjectKey) -> StorageError {
        StorageError(.corrupted, "The stored object '\(key)' is damaged; put it again or delete it.")
    }
}
