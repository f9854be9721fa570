import Hummingbird
import JobQueue
import JobQueuePostgres
import Operators

/// The worker processes, and the limits that they keep.
struct FleetPages: Sendable {
    static let workersPath = "/ops/workers"
    /// Silence after which a worker's jobs are being rescued.
    private static let silence: Duration = .seconds(15)
    private static let maximum = 30

    let site: ConsoleSite
    let backends: ConsoleBackends

    var pages: [ConsolePage] {
        [
            ConsolePage("ops/workers", get: self.workers, post: self.steerWorker),
            ConsolePage("ops/limits", get: self.limits),
        ]
    }

    // MARK: Workers

    private struct Workers {
        struct Worker {
            let id: String
            let name: String
            let queues: String
            let slots: Int
            let running: Int
            let state: String
            let heartbeat: String
            let isLost: Bool
            let canQuiet: Bool
            let canResume: Bool
            let canStop: Bool
        }

        let workers: [Worker]
        let hasWorkers: Bool
        let hidden: Int?
        let maySteer: Bool
    }

    private func workers(_ call: OperatorCall) async throws -> Response {
        let entries = try await self.backends.workers.list()
        let workers = entries.prefix(Self.maximum).map { entry in
            let isLost = entry.heartbeatAge > Self.silence
            return Workers.Worker(
                id: "\(entry.id)", name: Excerpt.text(entry.name, bytes: 60),
                queues: Excerpt.text(entry.queues.joined(separator: ", "), bytes: 80), slots: entry.slots,
                running: entry.running, state: isLost ? "not seen" : Self.state(entry),
                heartbeat: Excerpt.duration(entry.heartbeatAge), isLost: isLost,
                canQuiet: call.maySteer && entry.wish == nil && !entry.isDraining,
                canResume: call.maySteer && entry.wish == .quiet && !entry.isDraining,
                canStop: call.maySteer && entry.wish != .stop && !entry.isDraining)
        }
        return try self.site.page(
            call, "workers", title: "Workers", place: .workers, isLive: true,
            Workers(
                workers: workers, hasWorkers: !workers.isEmpty,
                hidden: entries.count > Self.maximum ? entries.count - Self.maximum : nil, maySteer: call.maySteer))
    }

    private static func state(_ entry: WorkerEntry) -> String {
        if entry.isDraining { return "draining" }
        switch entry.wish {
        case .quiet: return "quiet"
        case .stop: return "stopping"
        case nil: return "working"
        }
    }

    private func steerWorker(_ call: OperatorCall, _ form: ConsoleForm) async throws -> Response {
        guard let id = form["worker"].flatMap(Int64.init) else {
            throw HTTPError(.unprocessableContent, message: "worker is the number of a worker.")
        }
        let worker = WorkerID(rawValue: id)
        let notice: ConsoleNotice = try await call.steering(self.backends.actions) { actions, hand in
            switch form["action"] {
            case "quiet":
                try await actions.wish(.quiet, of: worker, by: hand)
                return .quieted
            case "stop":
                try await actions.wish(.stop, of: worker, by: hand)
                return .workerStopping
            case "resume":
                try await actions.wish(nil, of: worker, by: hand)
                return .workerResumed
            default: throw ConsoleForm.unknownAction
            }
        }
        return ConsoleSite.done(notice, at: Self.workersPath)
    }

    // MARK: Limits

    private struct Limits {
        struct Provider {
            let name: String
            let axis: String
            let rate: String
            let ceiling: String
            let level: String
            let penalty: String
        }

        struct Budget {
            let scope: String
            let period: String
            let cap: String
            let spent: String
            let held: String
            let left: String
            let waiting: Int
        }

        struct Scale {
            let queue: String
            let desired: Int
            let range: String
            let due: Int
            let running: Int
            let capacity: Int
            let wait: String
        }

        let providers: [Provider]
        let hasProviders: Bool
        let budgets: [Budget]
        let hasBudgets: Bool
        let scales: [Scale]
        let hasScales: Bool
    }

    private func limits(_ call: OperatorCall) async throws -> Response {
        async let limits = self.backends.limiters.list()
        async let budgets = self.backends.budgets.list()
        async let scales = self.backends.scales.all()
        let model = Limits(
            providers: try await limits.prefix(Self.maximum).map { status in
                Limits.Provider(
                    name: Excerpt.text(status.name, bytes: 60),
                    axis: status.limit.axis == .concurrency
                        ? "at the same time" : "\(status.limit.axis.rawValue) a minute",
                    rate: Excerpt.number(status.rate), ceiling: Excerpt.number(status.limit.ceiling),
                    level: Excerpt.number(status.level),
                    penalty: status.penalty > .zero ? "left alone for \(Excerpt.duration(status.penalty))" : "")
            }, hasProviders: try await !limits.isEmpty,
            budgets: try await budgets.prefix(Self.maximum).map { status in
                Limits.Budget(
                    scope: Excerpt.text(status.scope, bytes: 60), period: status.period.rawValue,
                    cap: Excerpt.dollars(status.capMicros), spent: Excerpt.dollars(status.spentMicros),
                    held: Excerpt.dollars(status.heldMicros), left: Excerpt.dollars(status.remainingMicros),
                    waiting: status.waiting)
            }, hasBudgets: try await !budgets.isEmpty,
            scales: try await scales.prefix(Self.maximum).map { scale in
                Limits.Scale(
                    queue: Excerpt.text(scale.queue, bytes: 60), desired: scale.desired,
                    range: "\(scale.rule.replicas.lowerBound) to \(scale.rule.replicas.upperBound)",
                    due: scale.load.due, running: scale.load.running, capacity: scale.load.perReplica,
                    wait: Excerpt.duration(scale.rule.targetWait))
            }, hasScales: try await !scales.isEmpty)
        return try self.site.page(call, "limits", title: "Limits", place: .limits, isLive: true, model)
    }
}
