import CurlHTTP
import FoundationEssentials
import ServerTesting

/// The server of `Tests/Support/http_test_server.py`, one for all tests of the target.
enum TestServer {
    private static let shared = Task { try await PythonServer.start("http_test_server") }

    static var url: String {
        get async throws { try await self.shared.value.url }
    }

    /// What the server noted under `key`, such as `closed:<id>`.
    static func state<T: Decodable>(_ key: String, as type: T.Type) async throws -> T? {
        let response = try await client.execute(.init(url: "\(self.url)/state?key=\(key)"))
        return try JSONDecoder().decode(T?.self, from: Data(response.body))
    }

    private static let client = HTTPClient()
}

/// What `/echo` tells about a request.
struct Echo: Decodable {
    var method: String
    var headers: [String: String]
    var length: Int
    var sha256: String
    var connection: Int

    init(_ response: HTTPClientResponse) throws {
        self = try JSONDecoder().decode(Echo.self, from: Data(response.body))
    }
}

/// The error that `body` throws; `nil` where it throws none or another.
func httpError<T>(_ body: () async throws -> T) async -> HTTPClientError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? HTTPClientError
    }
}
