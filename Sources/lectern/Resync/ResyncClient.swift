import CurlHTTP
import Foundation
import JobQueue
import JobQueuePostgres
import Logging
import PipelineJobs
import Postgres
import Textbook
import TextbookSync

/// Whoever carries out resyncs.
protocol ResyncClient: Sendable {
    /// Between two looks at a resync.
    var pause: Duration { get }
    /// - Returns: how it stands, and whether the same had been asked for before.
    func start(_ order: SyncBook) async throws -> (status: ResyncStatus, isKnown: Bool)
    func status(of id: String) async throws -> ResyncStatus
}

/// By way of the database.
struct LocalResyncs: ResyncClient {
    private let service: ResyncService
    let pause = Duration.milliseconds(100)

    init(database: PostgresClient, logger: Logger) {
        self.service = ResyncService(
            database: database, queue: PostgresJobQueue(database: database, logger: logger))
    }

    func start(_ order: SyncBook) async throws -> (status: ResyncStatus, isKnown: Bool) {
        let (id, isKnown) = try await self.service.start(order, actor: "cli")
        return (try await self.status(of: "\(id)"), isKnown)
    }

    func status(of id: String) async throws -> ResyncStatus {
        guard let number = Int64(id), let status = try await self.service.status(of: JobID(rawValue: number)) else {
            throw CommandFailure(.notFound, "there is no resync \(id)")
        }
        return status
    }
}

/// By way of the API, which is sent the files.
struct RemoteResyncs: ResyncClient {
    private let http = HTTPClient()
    private let base: String
    private let token: String?
    let pause = Duration.seconds(1)
    /// Tries at a server that says it is busy or cannot be reached.
    private static let attempts = 5

    init(url: String, tokenFile: String?) throws {
        guard let parsed = URL(string: url), ["http", "https"].contains(parsed.scheme ?? ""), parsed.host != nil else {
            throw CommandFailure(.usage, "\(url) is no http address")
        }
        self.base = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.token = try tokenFile.map { file in
            guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
                throw CommandFailure(.notFound, "the token file \(file) cannot be read")
            }
            return text.trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    func start(_ order: SyncBook) async throws -> (status: ResyncStatus, isKnown: Bool) {
        let folder: BookFolder
        do throws(BookFolderError) {
            folder = try BookFolder.read(order.path ?? "")
        } catch {
            throw CommandFailure(.permanent, "the book cannot be read: \(error)")
        }
        var query = URLComponents()
        query.queryItems = [
            order.revision.map { URLQueryItem(name: "commit", value: $0) },
            order.committedAt.map { URLQueryItem(name: "committed_at", value: "\($0)") },
            order.maximumDeletes.map { URLQueryItem(name: "max_delete", value: "\($0)") },
            order.approvedPlan.map { URLQueryItem(name: "approve", value: $0) },
            order.onlyPlan.map { URLQueryItem(name: "plan", value: "\($0)") },
            order.allowsOlder.map { URLQueryItem(name: "allow_older", value: "\($0)") },
        ].compactMap { $0 }
        var request = HTTPClientRequest(
            method: "POST", url: "\(self.base)/api/ops/v1/resyncs?\(query.percentEncodedQuery ?? "")",
            body: TarWriter.archive(folder), timeout: .seconds(600), idleTimeout: .seconds(60))
        request.headers = [("Content-Type", "application/x-tar")]
        let (status, code) = try await self.send(request)
        return (status, code == 200)
    }

    func status(of id: String) async throws -> ResyncStatus {
        try await self.send(HTTPClientRequest(url: "\(self.base)/api/ops/v1/resyncs/\(id)")).status
    }

    /// The same files sent twice are one resync, so a lost answer is asked for again.
    private func send(_ original: HTTPClientRequest) async throws -> (status: ResyncStatus, code: Int) {
        var request = original
        request.headers.append(("Accept", "application/json"))
        if let token { request.headers.append(("Authorization", "Bearer \(token)")) }
        for attempt in 1... {
            let reason: String
            do {
                let answer = try await self.http.execute(request)
                switch answer.status {
                case 200, 202:
                    return (try JSONDecoder().decode(ResyncStatus.self, from: Data(answer.body)), answer.status)
                case 401, 403: throw CommandFailure(.notAllowed, "the API refuses the token (\(answer.status))")
                case 404: throw CommandFailure(.notFound, "\(self.base) has no such resync or no operators' API")
                case 413, 422, 400, 415:
                    throw CommandFailure(.permanent, "the API refuses the book: \(Self.detail(answer))")
                default: reason = "the API answers \(answer.status): \(Self.detail(answer))"
                }
            } catch let error as HTTPClientError {
                reason = "the API cannot be reached: \(error)"
            }
            guard attempt < Self.attempts else { throw CommandFailure(.temporary, reason) }
            try await Task.sleep(for: .seconds(1 << (attempt - 1)))
        }
        throw CommandFailure(.temporary, "the API cannot be reached")
    }

    private static func detail(_ answer: HTTPClientResponse) -> String {
        struct Problem: Decodable { var detail: String }
        return (try? JSONDecoder().decode(Problem.self, from: Data(answer.body)))?.detail ?? ""
    }
}

/// Writes a book's files as a tar stream (ustar, POSIX.1-2001; long names as pax).
enum TarWriter {
    static func archive(_ folder: BookFolder) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(folder.files.values.reduce(0) { $0 + $1.count + 1_024 })
        for (path, body) in folder.files.sorted(by: { $0.key < $1.key }) { self.add(path, body, to: &bytes) }
        // Of other files the receiver wants to know no more than that they are there.
        for path in folder.otherPaths.sorted() { self.add(path, [], to: &bytes) }
        return bytes + [UInt8](repeating: 0, count: 1_024)
    }

    private static func add(_ path: String, _ body: [UInt8], to bytes: inout [UInt8]) {
        if path.utf8.count > 100 {
            var length = path.utf8.count + " path=\n".utf8.count
            while "\(length)".utf8.count + path.utf8.count + " path=\n".utf8.count != length {
                length = "\(length)".utf8.count + path.utf8.count + " path=\n".utf8.count
            }
            self.add("pax", Array("\(length) path=\(path)\n".utf8), type: "x", to: &bytes)
        }
        self.add(path, body, type: "0", to: &bytes)
    }

    private static func add(_ path: String, _ body: [UInt8], type: Unicode.Scalar, to bytes: inout [UInt8]) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int, _ length: Int) {
            for (index, byte) in text.utf8.prefix(length).enumerated() { header[offset + index] = byte }
        }
        func octal(_ number: Int, _ digits: Int) -> String {
            let text = String(number, radix: 8)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        put(path, at: 0, 100)
        put(octal(0o644, 7), at: 100, 7)
        put(octal(0, 7), at: 108, 7)
        put(octal(0, 7), at: 116, 7)
        put(octal(body.count, 11), at: 124, 11)
        put(octal(0, 11), at: 136, 11)
        put("        ", at: 148, 8)
        header[156] = UInt8(ascii: type)
        put("ustar", at: 257, 5)
        put("00", at: 263, 2)
        put(octal(header.reduce(0) { $0 + Int($1) }, 6), at: 148, 6)
        header[154] = 0
        bytes += header
        bytes += body
        bytes += [UInt8](repeating: 0, count: (512 - body.count % 512) % 512)
    }
}
