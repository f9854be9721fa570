import ContentHashing
public import Postgres
import Textbook

/// Why a book that was sent cannot be kept.
public struct UploadError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable {
        case malformed
        case tooLarge = "too_large"
    }

    public let code: Code
    public let message: String

    public var description: String { self.message }
}

/// Books that callers send: kept in the database until a worker has read them.
public struct BookUploads: Sendable {
    /// How much is taken.
    public struct Limits: Sendable, Hashable {
        /// The most bytes of one text.
        public var maximumFileBytes = 4 * 1024 * 1024
        /// The most bytes of all texts together.
        public var maximumBytes = 256 * 1024 * 1024
        /// The most bytes of the whole stream, with the files that are passed over.
        public var maximumStreamBytes = 2 * 1024 * 1024 * 1024
        public var maximumFiles = 50_000

        public init() {}
    }

    /// What was sent.
    public struct Receipt: Sendable, Hashable {
        /// A UUID.
        public var id: String
        /// XXH3-128 over paths and contents: equal for equal files, in whatever order they came.
        public var manifest: String
        public var files: Int
    }

    private let database: PostgresClient
    private let limits: Limits
    /// Bytes that are written together.
    private static let portion = 2 * 1024 * 1024

    public init(database: PostgresClient, limits: Limits = Limits()) {
        self.database = database
        self.limits = limits
    }

    /// Takes a tar stream of the book's folder. Names that begin with a dot are passed over; what is neither Markdown nor
    /// `book.yaml` is remembered by its name alone.
    ///
    /// - Throws: ``UploadError``, `PostgresError`, and what the stream throws. Nothing is kept then.
    public func receive<Stream: AsyncSequence>(tar stream: Stream) async throws -> Receipt
    where Stream.Element == [UInt8] {
        let row = try await self.database.queryOne("INSERT INTO lectern.upload (manifest) VALUES ('') RETURNING id")
        guard let id = try row?.decode("id", as: String.self) else {
            throw PostgresError(code: .unexpectedAnswer, message: "no number for an upload")
        }
        do {
            return try await self.receive(stream, as: id)
        } catch {
            // What cannot be removed now is removed with old uploads.
            try? await self.forget(id)
            throw error
        }
    }

    /// Removes what was sent.
    public func forget(_ id: String) async throws {
        try await self.database.execute("DELETE FROM lectern.upload WHERE id = \(id)::uuid")
    }

    private func receive<Stream: AsyncSequence>(
        _ stream: Stream, as id: String
    ) async throws -> Receipt where Stream.Element == [UInt8] {
        var reader = TarReader(limit: self.limits.maximumFileBytes, keeps: Self.isText)
        var bytes = 0
        var kept = 0
        var hashes: [String: String] = [:]
        var portion: [(path: String, body: [UInt8]?)] = []
        var portionBytes = 0
        for try await piece in stream {
            bytes += piece.count
            guard bytes <= self.limits.maximumStreamBytes else {
                throw UploadError(
                    code: .tooLarge, message: "the stream has more than \(self.limits.maximumStreamBytes) bytes")
            }
            let entries: [TarReader.Entry]
            do throws(TarReader.Fault) {
                entries = try reader.feed(piece[...])
            } catch {
                throw UploadError(code: .malformed, message: error.message)
            }
            for entry in entries {
                guard let path = try Self.path(entry) else { continue }
                guard hashes[path] == nil else {
                    throw UploadError(code: .malformed, message: "\(path) comes twice")
                }
                guard hashes.count < self.limits.maximumFiles else {
                    throw UploadError(
                        code: .tooLarge, message: "there are more than \(self.limits.maximumFiles) files")
                }
                let body = Self.isText(entry.name) ? entry.body : nil
                kept += body?.count ?? 0
                guard kept <= self.limits.maximumBytes else {
                    throw UploadError(
                        code: .tooLarge,
                        message: "the texts have more than \(self.limits.maximumBytes) bytes together")
                }
                hashes[path] = body.map { ContentHash(of: $0).hex } ?? "-"
                portion.append((path, body))
                portionBytes += (body?.count ?? 0) + 200
            }
            if portionBytes >= Self.portion {
                try await self.write(portion, of: id)
                portion = []
                portionBytes = 0
            }
        }
        guard reader.isComplete else { throw UploadError(code: .malformed, message: "the stream ends within a file") }
        guard !hashes.isEmpty else { throw UploadError(code: .malformed, message: "the stream holds no files") }
        try await self.write(portion, of: id)
        let manifest = ContentHash(
            of: hashes.sorted { $0.key < $1.key }.map { "\($0.key.utf8.count):\($0.key)\($0.value)\n" }.joined()
        ).hex
        try await self.database.execute(
            "UPDATE lectern.upload SET manifest = \(manifest), size_bytes = \(Int64(kept)) WHERE id = \(id)::uuid")
        return Receipt(id: id, manifest: manifest, files: hashes.count)
    }

    private func write(_ files: [(path: String, body: [UInt8]?)], of id: String) async throws {
        guard !files.isEmpty else { return }
        try await self.database.execute(
            """
            INSERT INTO lectern.upload_file (upload_id, path, body)
            SELECT \(id)::uuid, f.path, CASE WHEN f.is_text THEN f.body END
            FROM unnest(\(files.map(\.path)), \(files.map { $0.body ?? [] }), \(files.map { $0.body != nil }))
                   AS f (path, body, is_text)
            """, timeout: .seconds(30))
    }

    private static func isText(_ name: String) -> Bool {
        let file = name.split(separator: "/").last.map(String.init) ?? ""
        return FileName.isMarkdown(file) || file == "book.yaml" || file == "book.yml"
    }

    /// The path below the book's root; `nil` for what is passed over.
    private static func path(_ entry: TarReader.Entry) throws -> String? {
        guard entry.kind != .folder else { return nil }
        let segments = entry.name.split(separator: "/", omittingEmptySubsequences: true).map(String.init).filter {
            $0 != "."
        }
        guard !entry.name.hasPrefix("/"), let last = segments.last else {
            throw UploadError(code: .malformed, message: "\(entry.name) is no path below a folder")
        }
        guard !segments.contains(where: { $0.hasPrefix(".") && $0 != ".." }) else { return nil }
        for segment in segments {
            if let problem = SafeName.problemWithSegment(segment) {
                throw UploadError(code: .malformed, message: "the name \(entry.name) \(problem)")
            }
        }
        guard entry.kind == .file else {
            throw UploadError(code: .malformed, message: "\(entry.name) is no plain file: \(last) must be sent itself")
        }
        return segments.joined(separator: "/")
    }
}
