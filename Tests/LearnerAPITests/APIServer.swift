import CurlHTTP
import Foundation
import Hummingbird
import Learners
import Logging
import NIOCore
import ServerSentEvents
import Synchronization
import Testing

@testable import LearnerAPI

/// The API behind a real socket.
struct APIServer: Sendable {
    let port: Int
    let log: CapturedLog
    private let http: HTTPClient

    init(port: Int, log: CapturedLog, http: HTTPClient = HTTPClient()) {
        self.port = port
        self.log = log
        self.http = http
    }

    /// An answer, with its body read as JSON where it is some.
    struct Answer {
        let status: Int
        let headers: HTTPClientHeaders
        let body: [UInt8]

        var text: String { String(decoding: self.body, as: UTF8.self) }

        /// A member of the body, by names and indices; `nil` where there is none.
        subscript(_ path: JSONPath...) -> ProfileValue? {
            var value = try? StrictJSONReader.read(self.body)
            for step in path {
                switch (step, value) {
                case (.name(let name), .object(let members)): value = members[name]
                case (.index(let index), .array(let elements)):
                    value = elements.indices.contains(index) ? elements[index] : nil
                default: return nil
                }
            }
            return value
        }

        /// The members called `name` of the objects in a list.
        func list(_ list: String, _ name: String) -> [String] {
            guard case .array(let elements) = self[.name(list)] else { return [] }
            return elements.compactMap { element in
                guard case .object(let members) = element, case .string(let text) = members[name] else { return nil }
                return text
            }
        }
    }

    /// One step into a body.
    enum JSONPath: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
        case name(String)
        case index(Int)

        init(stringLiteral name: String) { self = .name(name) }
        init(integerLiteral index: Int) { self = .index(index) }
    }

    func send(
        _ method: String, _ path: String, user: String? = nil, headers: [(name: String, value: String)] = [],
        body: [UInt8]? = nil, type: String? = "application/json"
    ) async throws -> Answer {
        var headers = headers
        if let user { headers.append(("X-User-ID", user)) }
        if body != nil, let type { headers.append(("Content-Type", type)) }
        let response = try await self.http.execute(
            HTTPClientRequest(
                method: method, url: "http://127.0.0.1:\(self.port)\(path)", headers: headers, body: body,
                timeout: .seconds(60)))
        return Answer(status: response.status, headers: response.headers, body: response.body)
    }

    /// The events of a stream, from its beginning to its end or until `body` has seen enough.
    func events(
        _ path: String, headers: [(name: String, value: String)] = [],
        until isEnough: (ServerSentEvent) async throws -> Bool = { _ in false }
    ) async throws -> (status: Int, headers: HTTPClientHeaders, events: [ServerSentEvent], text: String) {
        let request = HTTPClientRequest(
            url: "http://127.0.0.1:\(self.port)\(path)", headers: headers, timeout: .seconds(60))
        return try await self.http.withStream(request) { stream in
            var parser = ServerSentEventParser()
            var events: [ServerSentEvent] = []
            var text = ""
            for try await chunk in stream.chunks {
                text += String(decoding: chunk, as: UTF8.self)
                for event in try parser.consume(chunk) {
                    events.append(event)
                    if try await isEnough(event) { return (stream.status, stream.headers, events, text) }
                }
            }
            return (stream.status, stream.headers, events, text)
        }
    }

    func send(
        _ method: String, _ path: String, user: String? = nil, headers: [(name: String, value: String)] = [],
        json: String
    ) async throws -> Answer {
        try await self.send(method, path, user: user, headers: headers, body: Array(json.utf8))
    }

    /// Runs `body` against a server with these routes.
    static func with<T: Sendable>(
        _ api: LearnerAPI, boundary: RequestBoundary<BasicRequestContext> = RequestBoundary(),
        routes: @Sendable (Router<BasicRequestContext>) -> Void = { _ in },
        _ body: @Sendable @escaping (APIServer) async throws -> T
    ) async throws -> T {
        let log = CapturedLog()
        let router = Router()
        router.add(middleware: boundary)
        api.addRoutes(to: router)
        routes(router)
        let (ports, port) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { port.yield($0.localAddress?.port ?? 0) }, logger: log.logger)
        return try await withThrowingTaskGroup(of: T?.self) { group in
            group.addTask {
                try await application.run()
                return nil
            }
            group.addTask {
                guard let port = await ports.first(where: { _ in true }) else { throw CancellationError() }
                return try await body(APIServer(port: port, log: log, http: HTTPClient()))
            }
            defer { group.cancelAll() }
            while let value = try await group.next() {
                if let value { return value }
            }
            throw CancellationError()
        }
    }
}

/// Everything that was logged.
final class CapturedLog: Sendable {
    private let entries = Mutex<[String]>([])

    var lines: [String] { self.entries.withLock { $0 } }

    var logger: Logger {
        var logger = Logger(label: "api") { _ in Handler(log: self) }
        logger.logLevel = .trace
        return logger
    }

    fileprivate func append(_ line: String) {
        self.entries.withLock { $0.append(line) }
    }

    private struct Handler: LogHandler {
        let log: CapturedLog
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = self.metadata.merging(event.metadata ?? [:]) { $1 }
            let pairs = all.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            self.log.append("\(event.level) \(event.message) \(pairs.joined(separator: " "))")
        }
    }
}

extension ProfileValue {
    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }
}
