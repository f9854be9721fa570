public import CurlHTTP
import FoundationEssentials

/// Asks an OpenAI-compatible endpoint whether a model can be used there, without having anything written.
public struct ProviderProbe: Sendable {
    private let connection: OpenAIConnection

    /// A probe of an endpoint with its credential.
    public init(endpoint: OpenAIEndpoint, http: HTTPClient) {
        self.connection = OpenAIConnection(endpoint: endpoint, http: http, now: { Date() })
    }

    /// What the endpoint answered.
    public enum Answer: Hashable, Sendable {
        /// It lists the model.
        case hasModel
        /// It lists others; at most twenty of them, sorted.
        case lacksModel(others: [String])
        /// It works and keeps no list, so that nobody can tell before the first text.
        case hasNoList
    }

    private struct List: Decodable {
        let data: [Model]

        struct Model: Decodable {
            let id: String
        }
    }

    /// Asks for the list of models.
    /// - Throws: ``LanguageModelError`` when it cannot be reached or does not accept the credential.
    public func ask(for model: String, timeout: Duration = .seconds(10)) async throws -> Answer {
        let body: [UInt8]
        do {
            body = try await self.connection.get("/models", timeout: timeout, maximumBytes: 4 << 20)
        } catch let error as LanguageModelError where [400, 404, 405, 501].contains(error.status) {
            return .hasNoList
        }
        guard let list = try? JSONDecoder().decode(List.self, from: Data(body)) else { return .hasNoList }
        let ids = list.data.map(\.id)
        // Ollama names the version, Gemini the kind.
        guard !ids.contains(where: { [model, "\(model):latest", "models/\(model)"].contains($0) }) else {
            return .hasModel
        }
        return .lacksModel(others: Array(ids.sorted().prefix(20)))
    }
}
