import HTTPTypes
import Hummingbird
import JobQueuePostgres
import Operators

extension OperatorAPI {
    var fleetRoutes: [(path: String, handlers: [HTTPRequest.Method: OperatorHandler])] {
        [("/api/ops/v1/autoscale", [.get: OperatorHandler(.read, body: self.autoscale)])]
    }

    private func autoscale(_: OperatorCall) async throws -> Response {
        try Self.answer(QueueScaleReport.byQueue(try await self.parts.scales.all()))
    }
}
