import FoundationEssentials
import HTTPTypes
import Hummingbird
import Operators

extension OperatorAPI {
    private static let maximumBody = 16 * 1_024

    /// Reads a request's JSON object.
    /// - Throws: `HTTPError` 400 for another body, 413 for a large one, 415 for another type.
    static func body<Body: Decodable>(_ type: Body.Type, of call: OperatorCall) async throws -> Body {
        let media = call.request.headers[.contentType].map { $0.lowercased().prefix { $0 != ";" } } ?? ""
        guard media == "application/json" else {
            throw HTTPError(.unsupportedMediaType, message: "Send application/json.")
        }
        let bytes = Array(buffer: try await call.request.body.collect(upTo: Self.maximumBody))
        do {
            return try JSONDecoder().decode(Body.self, from: Data(bytes))
        } catch {
            throw HTTPError(.badRequest, message: "The body is no JSON object with the members of this operation.")
        }
    }

    /// Does what an operator wished, and says why not in HTTP's words.
    static func steering<T: Sendable>(_ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch let error as SteeringError {
            throw HTTPError(error)
        }
    }

    /// A sentence of the operator's own, for the record.
    static func check(reason: String?) throws {
        guard let reason else { return }
        guard !reason.isEmpty, reason.utf8.count <= 1_000, !reason.utf8.contains(0) else {
            throw HTTPError(.unprocessableContent, message: "A reason has 1 to 1,000 bytes.")
        }
    }
}
