import JobQueue
import Postgres
import Textbook

/// Where a book's files come from: a folder, or what a caller sent.
struct BookSource: Sendable {
    var path: String?
    var upload: String?

    /// Every file.
    func read(in database: PostgresClient) async throws -> BookFolder {
        guard let upload else {
            guard let path else { throw JobError.permanent("malformed_arguments", "neither a folder nor an upload") }
            do throws(BookFolderError) {
                return try BookFolder.read(path)
            } catch {
                throw JobError.permanent("book_\(error.code.rawValue)", String(error.description.prefix(1_800)))
            }
        }
        var folder = BookFolder(name: "book")
        // A page at a time, so that no answer grows without bound.
        var last = ""
        while true {
            let rows = try await database.query(
                """
                SELECT path, body FROM lectern.upload_file
                WHERE upload_id = \(upload)::uuid AND path > \(last) ORDER BY path LIMIT 20
                """, timeout: .seconds(60))
            guard let end = rows.last else { break }
            for row in rows {
                let path: String = try row.decode("path")
                if let body = try row.decode("body", as: [UInt8]?.self) {
                    folder.files[path] = body
                } else {
                    folder.otherPaths.insert(path)
                }
            }
            last = try end.decode("path")
        }
        guard !folder.files.isEmpty || !folder.otherPaths.isEmpty else {
            throw JobError.permanent("upload_gone", "the files that were sent are no longer kept: send them again")
        }
        return folder
    }

    /// One file.
    func body(of file: String, in database: PostgresClient) async throws -> [UInt8] {
        if let upload {
            let row = try await database.queryOne(
                "SELECT body FROM lectern.upload_file WHERE upload_id = \(upload)::uuid AND path = \(file)")
            guard let body = try row?.decode("body", as: [UInt8]?.self) ?? nil else {
                throw JobError.permanent("upload_gone", "\(file) is no longer kept: send the files again")
            }
            return body
        }
        guard let path else { throw JobError.permanent("malformed_arguments", "neither a folder nor an upload") }
        do throws(BookFolderError) {
            return try BookFolder.file(file, in: path)
        } catch {
            throw JobError.permanent("source_changed", String(error.description.prefix(1_800)))
        }
    }
}
