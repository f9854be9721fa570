import CurlHTTP
import FoundationEssentials
import LanguageModels
import ServerTesting

/// The provider of `Tests/Support/scripted_provider.py`, one for all tests of the target; the name of the model says
/// how it shall behave.
enum Provider {
    static let key = "sk-very-secret-0123456789"
    static let http = HTTPClient()

    private static let shared = Task { try await PythonServer.start("scripted_provider") }

    static var url: String {
        get async throws { try await "\(self.shared.value.url)/v1" }
    }

    static func endpoint(timeout: Duration = .seconds(20), idleTimeout: Duration = .seconds(20)) async throws
        -> OpenAIEndpoint
    {
        OpenAIEndpoint(
            baseURL: try await self.url, key: APIKey(self.key), timeout: timeout, idleTimeout: idleTimeout,
            maximumAnswerBytes: 1 << 20)
    }

    static func chat(_ behaviour: String, streams: Bool, timeout: Duration = .seconds(20)) async throws
        -> OpenAIChatModel
    {
        OpenAIChatModel(
            endpoint: try await self.endpoint(timeout: timeout), model: "scripted:\(behaviour)", streams: streams,
            http: self.http)
    }

    static func embedding(_ behaviour: String, dimension: Int = 64, batch: Int = 64) async throws
        -> OpenAIEmbeddingModel
    {
        OpenAIEmbeddingModel(
            endpoint: try await self.endpoint(), model: "scripted:\(behaviour)", dimension: dimension,
            maximumBatchCount: batch, http: self.http)
    }

    /// The bodies of the requests that a model of this name received.
    static func requests(model: String) async throws -> [RecordedRequest] {
        let base = try await self.url.dropLast(3)
        let response = try await self.http.execute(.init(url: "\(base)/requests"))
        return try JSONDecoder().decode([RecordedRequest].self, from: Data(response.body))
            .filter { $0.body.model == model }
    }
}

struct RecordedRequest: Decodable {
    struct Body: Decodable {
        var model: String
        var stream: Bool?
        var temperature: Double?
        var seed: Int?
        var stop: [String]?
        var max_tokens: Int?
        var max_completion_tokens: Int?
        var input: [String]?
        var dimensions: Int?
    }

    var headers: [String: String]
    var body: Body
}

/// The error that `body` throws; `nil` where it throws none or another.
func modelError<T>(_ body: () async throws -> T) async -> LanguageModelError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? LanguageModelError
    }
}
