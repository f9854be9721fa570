import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// An issuer of tokens on a socket of this machine, which does as it is told.
public final class TestIssuer: Sendable {
    /// How it answers at one address.
    public enum Answer: Sendable {
        case text(String)
        case status(Int, location: String? = nil)
        /// So many bytes of white space before the text.
        case padded(Int, String)
        /// No answer until the stream ends.
        case held(AsyncStream<Void>, String)
    }

    public static let keysPath = "/keys"
    public static let discoveryPath = "/.well-known/openid-configuration"

    private let state = Mutex<(answers: [String: Answer], asked: [String: Int])>(([:], [:]))
    private let port = Mutex(0)

    private init() {}

    /// The issuer's name, which is its address.
    public var url: String { "http://127.0.0.1:\(self.port.withLock { $0 })" }

    /// What it answers at an address from now on.
    public func answer(_ path: String, _ answer: Answer) {
        self.state.withLock { $0.answers[path] = answer }
    }

    /// Publishes these keys and no others.
    public func publish(_ keys: [TestKey]) {
        self.answer(Self.keysPath, .text(TestKey.set(keys)))
    }

    /// How often it was asked at an address.
    public func asked(_ path: String = TestIssuer.keysPath) -> Int {
        self.state.withLock { $0.asked[path] ?? 0 }
    }

    private func response(to request: Request) async -> Response {
        let path = request.uri.path
        let answer = self.state.withLock { state in
            state.asked[path, default: 0] += 1
            return state.answers[path] ?? .status(404)
        }
        switch answer {
        case .text(let text): return Self.json(text)
        case .padded(let count, let text): return Self.json(String(repeating: " ", count: count) + text)
        case .status(let code, let location):
            var headers: HTTPFields = [:]
            headers[.location] = location
            return Response(status: .init(code: code), headers: headers)
        case .held(let stream, let text):
            for await _ in stream {}
            return Self.json(text)
        }
    }

    private static func json(_ text: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// Runs `body` with an issuer that describes itself and publishes these keys.
    public static func with<T: Sendable>(
        _ keys: [TestKey], _ body: @Sendable @escaping (TestIssuer) async throws -> T
    ) async throws -> T {
        let issuer = TestIssuer()
        let router = Router()
        router.get("**") { request, _ in await issuer.response(to: request) }
        let (ports, port) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { port.yield($0.localAddress?.port ?? 0) },
            logger: Logger(label: "issuer") { _ in SwiftLogNoOpLogHandler() })
        return try await withThrowingTaskGroup(of: T?.self) { group in
            group.addTask {
                try await application.run()
                return nil
            }
            group.addTask {
                guard let port = await ports.first(where: { _ in true }) else { throw CancellationError() }
                issuer.port.withLock { $0 = port }
                issuer.publish(keys)
                issuer.answer(
                    self.discoveryPath,
                    .text(#"{"issuer":"\#(issuer.url)","jwks_uri":"\#(issuer.url)\#(self.keysPath)"}"#))
                return try await body(issuer)
            }
            defer { group.cancelAll() }
            while let value = try await group.next() {
                if let value { return value }
            }
            throw CancellationError()
        }
    }
}
