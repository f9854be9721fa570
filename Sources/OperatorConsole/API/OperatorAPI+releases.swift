import HTTPTypes
import Hummingbird
import Operators
import TextbookSync

extension OperatorAPI {
    var releaseRoutes: [(path: String, handlers: [HTTPRequest.Method: OperatorHandler])] {
        [
            ("/api/ops/v1/releases", [.get: OperatorHandler(.read, body: self.listReleases)]),
            ("/api/ops/v1/releases/{id}", [.get: OperatorHandler(.read, body: self.showRelease)]),
            ("/api/ops/v1/releases/{id}/rollback", [.post: OperatorHandler(.steer, body: self.rollBack)]),
        ]
    }

    private func listReleases(_: OperatorCall) async throws -> Response {
        try Self.answer(["releases": try await self.parts.releases.list()])
    }

    private func showRelease(_ call: OperatorCall) async throws -> Response {
        try Self.answer(try await self.release(call) { try await self.parts.releases.show($0) })
    }

    private func rollBack(_ call: OperatorCall) async throws -> Response {
        try Self.answer(
            try await self.release(call) { id in
                try await self.recording(OperatorAct("release.rollback", on: "release \(id)"), call) {
                    try await self.parts.releases.rollBack(to: id)
                }
            })
    }

    private func release(
        _ call: OperatorCall, _ body: (Int64) async throws -> ReleaseSummary
    ) async throws -> ReleaseSummary {
        guard let id = call.parameters.get("id").flatMap(Int64.init) else {
            throw HTTPError(.notFound, message: "There is no such release.")
        }
        do {
            return try await body(id)
        } catch let error as ReleaseError {
            throw HTTPError(error.code == .notShowable ? .conflict : .notFound, message: error.message)
        }
    }
}
