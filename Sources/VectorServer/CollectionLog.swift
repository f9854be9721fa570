import ContentHashing
import MCPServing

/// The file that makes a collection durable: frames of changes, one behind the other.
///
/// A collection's folder holds `log-<generation>`; the highest generation counts. A smaller log is written aside and
/// renamed to the next generation, so there is always one that is whole.
struct CollectionLog: ~Copyable, Sendable {
    /// What was found when the file was opened.
    struct Opened: ~Copyable {
        var log: CollectionLog
        var state: CollectionState
        /// Bytes of a write that a crash cut short, which were removed.
        var tornBytes: Int
    }

    private let name: CollectionName
    private let folder: OpenFile
    private(set) var generation: Int
    private var file: OpenFile
    private var header: LogHeader
    private var sequence: UInt64
    /// Bytes of the file.
    private(set) var bytes: Int
    /// Records and deletions in the file.
    private(set) var entries: Int
    /// Set when it is unknown what the file holds: then nothing more is written until it is read anew.
    private(set) var isBroken = false

    private init(
        folder: consuming OpenFile, generation: Int, file: consuming OpenFile, header: LogHeader, sequence: UInt64,
        bytes: Int, entries: Int, name: CollectionName
    ) {
        self.name = name
        self.folder = folder
        self.generation = generation
        self.file = file
        self.header = header
        self.sequence = sequence
        self.bytes = bytes
        self.entries = entries
    }

    private static func fileName(_ generation: Int) -> String { "log-\(generation)" }

    /// Writes the first file of a new collection into an empty folder.
    static func create(in folder: borrowing OpenFile, dimension: Int, salt: UInt64) throws {
        let file = try folder.createFile(self.fileName(1))
        try file.write(LogHeader(dimension: dimension, salt: salt).encoded)
        try file.synchronize()
        try folder.synchronize()
    }

    /// Reads the newest file of the folder and removes what is left of older ones.
    ///
    /// Throws ``VectorError`` with code `corrupted` where something acknowledged was spoiled, and `FileError`.
    static func open(_ folder: consuming OpenFile, name: CollectionName) throws -> Opened {
        var generations: [Int] = []
        var others: [String] = []
        try folder.forEachName { name in
            if name.hasPrefix("log-"), let generation = Int(name.dropFirst(4)) {
                generations.append(generation)
            } else {
                others.append(name)
            }
        }
        guard let generation = generations.max(), let file = try folder.writableFile(self.fileName(generation)),
            let header = LogHeader(try file.read(count: LogHeader.bytes, at: 0))
        else {
            throw VectorError(.corrupted, "The log of collection '\(name)' is missing or its beginning is damaged.")
        }
        for name in others + generations.filter({ $0 < generation }).map(Self.fileName) {
            _ = try folder.removeFile(name)
        }
        var state = CollectionState(dimension: header.dimension)
        var log = CollectionLog(
            folder: folder, generation: generation, file: file, header: header, sequence: 0, bytes: LogHeader.bytes,
            entries: 0, name: name)
        let torn = try log.replay(into: &state)
        return Opened(log: log, state: state, tornBytes: torn)
    }

    /// Reads all frames; cuts off a torn one at the end and returns its bytes.
    private mutating func replay(into state: inout CollectionState) throws -> Int {
        let size = try self.file.size()
        while self.bytes < size {
            guard let changes = try self.changes(at: self.bytes, fileSize: size) else { break }
            for change in changes.changes {
                switch change {
                case .upsert(let records): state.upsert(records)
                case .delete(let ids): state.delete(ids)
                }
                self.entries += change.count
            }
            self.sequence += 1
            self.bytes += changes.size
        }
        let torn = size - self.bytes
        if torn > 0 {
            guard try !self.hasFrame(after: self.bytes, fileSize: size) else {
                throw VectorError(
                    .corrupted,
                    "The log of collection '\(self.name)' is damaged at byte \(self.bytes) and goes on behind the damage."
                )
            }
            try self.file.truncate(to: self.bytes)
            try self.file.synchronize()
        }
        try self.file.seek(to: self.bytes)
        return torn
    }

    private func changes(at offset: Int, fileSize: Int) throws -> (changes: [CollectionChange], size: Int)? {
        guard let frame = LogFrame(try self.file.read(count: LogFrame.headBytes, at: offset), salt: self.header.salt),
            frame.sequence == self.sequence + 1, offset + frame.totalBytes <= fileSize
        else { return nil }
        var payload = try self.file.read(
            count: frame.payloadBytes + LogFrame.checksumBytes, at: offset + LogFrame.headBytes)
        let checksum = payload.suffix(LogFrame.checksumBytes)
        payload.removeLast(LogFrame.checksumBytes)
        guard ContentHash(of: payload).bytes.elementsEqual(checksum) else { return nil }
        guard let changes = CollectionChange.decode(payload, dimension: self.header.dimension) else {
            throw VectorError(
                .corrupted, "The log of collection '\(self.name)' holds a change of an unknown form at byte \(offset).")
        }
        return (changes, frame.totalBytes)
    }

    /// Whether a later frame of this file stands anywhere behind `offset`.
    private func hasFrame(after offset: Int, fileSize: Int) throws -> Bool {
        let window = 1 << 20
        var start = offset + 1
        while start + LogFrame.headBytes <= fileSize {
            let bytes = try self.file.read(count: window + LogFrame.headBytes, at: start)
            var index = 0
            while index < window, let found = bytes[index...].firstIndex(of: LogFrame.magic[0]) {
                if let frame = LogFrame(bytes[found...], salt: self.header.salt), frame.sequence > self.sequence + 1 {
                    return true
                }
                index = found + 1
            }
            start += window
        }
        return false
    }

    /// Makes the changes durable, all or none. Throws ``VectorError`` or `FileError`.
    mutating func append(_ changes: [CollectionChange]) throws {
        guard !self.isBroken else {
            throw VectorError(
                .ioFailure, "An earlier write of this collection failed; it takes no more until the server restarts.")
        }
        var payload: [UInt8] = []
        for change in changes { try change.encode(into: &payload) }
        guard payload.count <= LogFrame.maximumPayloadBytes else {
            throw VectorError(.invalidArgument, "The records of one call take too many bytes.")
        }
        let frame = LogFrame.encode(payload, sequence: self.sequence + 1, salt: self.header.salt)
        do {
            try self.file.write(frame)
        } catch {
            self.revert()
            throw error
        }
        do {
            try self.file.synchronize()
        } catch {
            // The kernel may have dropped what it could not write: what the file holds is unknown now.
            self.isBroken = true
            throw error
        }
        self.bytes += frame.count
        self.sequence += 1
        self.entries += changes.reduce(0) { $0 + $1.count }
    }

    /// Cuts off what a failed write left.
    private mutating func revert() {
        do {
            try self.file.truncate(to: self.bytes)
            try self.file.seek(to: self.bytes)
        } catch {
            self.isBroken = true
        }
    }

    /// Replaces the file by one that holds just the records of `state`.
    mutating func rewrite(_ state: CollectionState, salt: UInt64) throws {
        let name = "rewrite"
        _ = try self.folder.removeFile(name)
        let file = try self.folder.createFile(name)
        let header = LogHeader(dimension: self.header.dimension, salt: salt)
        try file.write(header.encoded)
        var sequence: UInt64 = 0
        var bytes = LogHeader.bytes
        do {
            try state.forEachBatch(of: 256) { records in
                var payload: [UInt8] = []
                try CollectionChange.upsert(records).encode(into: &payload)
                sequence += 1
                let frame = LogFrame.encode(payload, sequence: sequence, salt: salt)
                try file.write(frame)
                bytes += frame.count
            }
            try file.synchronize()
            try self.folder.rename(name, to: self.folder, as: Self.fileName(self.generation + 1))
        } catch {
            // Only room is lost if this fails too; opening the collection removes it.
            _ = try? self.folder.removeFile(name)
            throw error
        }
        let old = Self.fileName(self.generation)
        self.generation += 1
        self.file = file
        self.header = header
        self.sequence = sequence
        self.bytes = bytes
        self.entries = state.count
        do {
            try self.folder.synchronize()
            _ = try self.folder.removeFile(old)
        } catch {
            // Whether the new name survives a loss of power is unknown, so nothing may be acknowledged on top of it.
            self.isBroken = true
            throw error
        }
    }
}
