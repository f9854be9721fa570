import FoundationEssentials
import HTTPTypes
import Hummingbird
import JobQueue
import JobQueuePostgres
import Operators

extension OperatorAPI {
    var queueRoutes: [(path: String, handlers: [HTTPRequest.Method: OperatorHandler])] {
        [
            ("/api/ops/v1/queues", [.get: OperatorHandler(.read, body: self.listQueues)]),
            ("/api/ops/v1/queues/{name}/pause", [.post: OperatorHandler(.steer, body: self.pauseQueue)]),
            ("/api/ops/v1/queues/{name}/resume", [.post: OperatorHandler(.steer, body: self.resumeQueue)]),
            ("/api/ops/v1/kinds/{name}/pause", [.post: OperatorHandler(.steer, body: self.pauseKind)]),
            ("/api/ops/v1/kinds/{name}/resume", [.post: OperatorHandler(.steer, body: self.resumeKind)]),
            ("/api/ops/v1/workers", [.get: OperatorHandler(.read, body: self.listWorkers)]),
            (
                "/api/ops/v1/workers/{id}/quiet",
                [.post: OperatorHandler(.steer) { try await self.wish(.quiet, $0) }]
            ),
            (
                "/api/ops/v1/workers/{id}/resume",
                [.post: OperatorHandler(.steer) { try await self.wish(nil, $0) }]
            ),
            (
                "/api/ops/v1/workers/{id}/stop",
                [.post: OperatorHandler(.steer) { try await self.wish(.stop, $0) }]
            ),
        ]
    }

    private struct QueueAnswer: Encodable {
        var name: String
        var ready: Int
        var scheduled: Int
        var blocked: Int
        var running: Int
        var dead: Int
        var paused: Bool
        var oldest_ready_age_ms: Int64?

        init(_ queue: QueueOverview.Queue) {
            self.name = queue.name
            self.ready = queue.ready
            self.scheduled = queue.scheduled
            self.blocked = queue.blocked
            self.running = queue.running
            self.dead = queue.dead
            self.paused = queue.isPaused
            self.oldest_ready_age_ms = queue.oldestReadyAge.map { Int64($0 / .milliseconds(1)) }
        }
    }

    private func listQueues(_: OperatorCall) async throws -> Response {
        try Self.answer(["queues": try await self.parts.overview.overview().queues.map(QueueAnswer.init)])
    }

    private struct PauseOrder: Decodable {
        var seconds: Int64?
        var reason: String?
    }

    private struct PauseAnswer: Encodable {
        var target: String
        var paused: Bool
        /// Absent for a pause without an end.
        var until: String?
    }

    private func pauseQueue(_ call: OperatorCall) async throws -> Response {
        try await self.pause(call) { name throws(SteeringError) in try ControlTarget(queue: name, kind: nil) }
    }

    private func pauseKind(_ call: OperatorCall) async throws -> Response {
        try await self.pause(call) { name throws(SteeringError) in try ControlTarget(queue: nil, kind: name) }
    }

    private func pause(
        _ call: OperatorCall, _ target: (String) throws(SteeringError) -> ControlTarget
    ) async throws -> Response {
        let order = try await Self.body(PauseOrder.self, of: call)
        try Self.check(reason: order.reason)
        return try await Self.steering {
            let target = try target(call.parameters.get("name") ?? "")
            let until = try await self.parts.actions.pause(
                target, for: order.seconds.map { .seconds($0) }, reason: order.reason, by: call.hand)
            return try Self.answer(
                PauseAnswer(target: target.description, paused: true, until: until.map { $0.formatted(.iso8601) }))
        }
    }

    private func resumeQueue(_ call: OperatorCall) async throws -> Response {
        try await self.resume(call) { name throws(SteeringError) in try ControlTarget(queue: name, kind: nil) }
    }

    private func resumeKind(_ call: OperatorCall) async throws -> Response {
        try await self.resume(call) { name throws(SteeringError) in try ControlTarget(queue: nil, kind: name) }
    }

    private func resume(
        _ call: OperatorCall, _ target: (String) throws(SteeringError) -> ControlTarget
    ) async throws -> Response {
        try await Self.steering {
            let target = try target(call.parameters.get("name") ?? "")
            try await self.parts.actions.resume(target, by: call.hand)
            return try Self.answer(PauseAnswer(target: target.description, paused: false))
        }
    }

    private struct WorkerAnswer: Encodable {
        var id: String
        var name: String
        var queues: [String]
        var slots: Int
        var running: Int
        var draining: Bool
        /// What operators want of it: `quiet` or `stop`.
        var wish: String?
        var silent_ms: Int64

        init(_ worker: WorkerEntry) {
            self.id = worker.id.description
            self.name = worker.name
            self.queues = worker.queues
            self.slots = worker.slots
            self.running = worker.running
            self.draining = worker.isDraining
            self.wish = worker.wish?.rawValue
            self.silent_ms = Int64(worker.heartbeatAge / .milliseconds(1))
        }
    }

    private func listWorkers(_: OperatorCall) async throws -> Response {
        try Self.answer(["workers": try await self.parts.workers.list().map(WorkerAnswer.init)])
    }

    private func wish(_ wish: WorkerWish?, _ call: OperatorCall) async throws -> Response {
        guard let id = call.parameters.get("id").flatMap(Int64.init) else {
            throw HTTPError(.notFound, message: "There is no such worker.")
        }
        return try await Self.steering {
            try await self.parts.actions.wish(wish, of: WorkerID(rawValue: id), by: call.hand)
            return Response(status: .noContent)
        }
    }
}
