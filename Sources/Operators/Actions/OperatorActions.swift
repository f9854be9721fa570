import Foundation
public import FoundationEssentials
public import JobQueue
public import JobQueuePostgres
public import Postgres

/// What operators do to the queue, each act written down before and after it is done.
///
/// Who may do it is the caller's question. Errors are those of the database and ``SteeringError``.
public struct OperatorActions: Sendable {
    let list: JobList
    private let control: QueueControl
    private let jobs: JobInspector
    private let deadLetters: DeadLetters
    private let workers: WorkerControl
    private let audit: AuditTrail

    public init(database: PostgresClient, queue: PostgresJobQueue) {
        self.list = JobList(database: database)
        self.control = QueueControl(database: database)
        self.jobs = JobInspector(database: database)
        self.deadLetters = DeadLetters(database: database, queue: queue)
        self.workers = WorkerControl(database: database)
        self.audit = AuditTrail(database: database)
    }

    /// Who acts, and in which request.
    public struct Hand: Sendable {
        public var who: Operator
        public var requestID: String?

        public init(_ who: Operator, requestID: String? = nil) {
            self.who = who
            self.requestID = requestID
        }
    }

    /// Keeps a queue or a kind from starting anything. Answers when that ends, `nil` for not by itself.
    @discardableResult
    public func pause(
        _ target: ControlTarget, for length: Duration?, reason: String?, by hand: Hand
    ) async throws -> Date? {
        guard length.map({ $0 > .zero && $0 <= .seconds(366 * 86_400) }) ?? true else {
            throw SteeringError(.senseless, "A pause lasts from a second to a year, or has no end.")
        }
        let detail = length.map { #"{"seconds":\#($0.components.seconds)}"# }
        let act = OperatorAct("queue.pause", on: target.description, reason: reason, detail: detail)
        return try await self.recording(act, hand) {
            try await self.control.pause(
                target, until: length.map { .after($0) } ?? .never, reason: reason, actor: hand.who.name)
        }
    }

    /// Ends a pause. False when there was none.
    @discardableResult
    public func resume(_ target: ControlTarget, by hand: Hand) async throws -> Bool {
        try await self.recording(OperatorAct("queue.resume", on: target.description), hand) {
            try await self.control.resume(target)
        }
    }

    /// Changes a queue's numbers until they are given back. Answers what changed.
    public func set(
        _ change: QueueNumberChange, ofQueue queue: String, by hand: Hand
    ) async throws -> [NumberChange] {
        let act = OperatorAct("queue.set", on: "queue \(queue)")
        return try await self.recording(act, hand, detail: Self.detail) {
            try await self.control.set(change, ofQueue: queue, actor: hand.who.name)
        }
    }

    /// Gives a queue's or a kind's numbers back to the operators' file. Answers their names.
    public func giveBack(_ target: ControlTarget, by hand: Hand) async throws -> [String] {
        try await self.recording(OperatorAct("queue.reset", on: target.description), hand) {
            try await self.control.giveBack(target)
        }
    }

    /// Runs a dead letter again, with all its attempts.
    @discardableResult
    public func retry(_ id: JobID, by hand: Hand) async throws -> RedriveResult {
        let act = OperatorAct("job.retry", on: "job \(id)")
        let result = try await self.recording(act, hand, detail: { #"{"result":"\#($0.rawValue)"}"# }) {
            try await self.deadLetters.redrive(id, actor: hand.who.name)
        }
        switch result {
        case .redriven, .joined, .superseded: return result
        case .expired: throw SteeringError(.tooLate, "The time of this job is over; it stays a dead letter.")
        case .unknown: throw SteeringError(.unknown, "There is no such dead letter.")
        }
    }

    /// Stops a job that waits or runs.
    /// - Returns: whether a worker has to be told; it is within a second.
    @discardableResult
    public func cancel(_ id: JobID, reason: String? = nil, by hand: Hand) async throws -> JobInspector.CancelResult {
        let act = OperatorAct("job.cancel", on: "job \(id)", reason: reason)
        let result = try await self.recording(act, hand, detail: { #"{"result":"\#($0)"}"# }) {
            try await self.jobs.cancel(id, actor: hand.who.name)
        }
        guard result != .tooLate else {
            throw SteeringError(.tooLate, "This job has ended, or there is no such job.")
        }
        return result
    }

    /// Gives a dead letter up for good.
    public func discard(_ id: JobID, reason: String, by hand: Hand) async throws {
        let act = OperatorAct("job.discard", on: "job \(id)", reason: reason)
        let was = try await self.recording(act, hand, detail: { #"{"discarded":\#($0)}"# }) {
            try await self.deadLetters.discard(id, reason: reason, actor: hand.who.name)
        }
        guard was else { throw SteeringError(.unknown, "There is no such dead letter.") }
    }

    /// Tells a worker what is wanted of it, `nil` to go on working; it hears so at its next heartbeat.
    public func wish(_ wish: WorkerWish?, of worker: WorkerID, by hand: Hand) async throws {
        let act = OperatorAct("worker.\(wish?.rawValue ?? "resume")", on: "worker \(worker)")
        let isKnown = try await self.recording(act, hand, detail: { #"{"known":\#($0)}"# }) {
            try await self.workers.wish(wish, of: worker)
        }
        guard isKnown else { throw SteeringError(.unknown, "There is no such worker; it may have left.") }
    }

    /// One job of many, written down with all of them. False when it had moved on.
    func act(_ action: BulkAction, on id: JobID, reason: String, actor: String) async throws -> Bool {
        switch action {
        case .retry: try await [.redriven, .joined, .superseded].contains(self.deadLetters.redrive(id, actor: actor))
        case .cancel: try await self.jobs.cancel(id, actor: actor) != .tooLate
        case .discard: try await self.deadLetters.discard(id, reason: reason, actor: actor)
        }
    }

    func recording<T: Sendable>(
        _ act: OperatorAct, _ hand: Hand, detail: (T) -> String? = { _ in nil }, _ body: () async throws -> T
    ) async throws -> T {
        try await self.audit.recording(act, by: hand.who, requestID: hand.requestID, detail: detail, body)
    }

    private static func detail(_ changes: [NumberChange]) -> String? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return (try? encoder.encode(changes)).map { String(decoding: $0, as: UTF8.self) }
    }
}
