public import JobQueue
public import Logging
public import Postgres

/// The queue's tables as a worker uses them. Every statement is correct through a transaction-pooling PgBouncer.
public final class PostgresJobStore: JobStore {
    public typealias Transaction = JobTransaction

    private let database: PostgresClient
    private let queue: PostgresJobQueue
    private let logger: Logger
    public let wakeUps: AsyncStream<WakeUp>
    private let wakeUpSource: AsyncStream<WakeUp>.Continuation

    /// - Parameter queue: used to wake other workers after a job's own enqueues.
    public init(database: PostgresClient, queue: PostgresJobQueue, logger: Logger) {
        self.database = database
        self.queue = queue
        self.logger = logger
        (self.wakeUps, self.wakeUpSource) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(64))
    }

    public var executor: (any TaskExecutor)? { self.database.executor }

    /// Passes on what a listener on ``wakeUpChannel`` hears, until the listener ends.
    public func forward(_ listener: PostgresListener) async {
        for await event in listener.events {
            switch event {
            case .notification(_, let payload):
                self.wakeUpSource.yield(payload == QueueWaker.stops ? .stops : .queue(payload))
            // Whatever was said while nobody listened is lost, so everything is looked at once.
            case .connected: self.wakeUpSource.yield(.everything)
            case .disconnected: break
            }
        }
    }

    /// The channel on which queues are named that have something to do.
    public static var wakeUpChannel: String { QueueWaker.channel }

    public func register(_ worker: WorkerDescription) async throws -> WorkerID {
        let row = try await self.database.queryOne(
            """
            INSERT INTO lectern.worker (name, queues, slots)
            VALUES (\(worker.name), \(worker.queues), \(worker.slots)) RETURNING id
            """)
        guard let row else { throw StoreError(description: "the worker's row was not returned") }
        let id = WorkerID(rawValue: try row.decode("id"))
        await self.rehearse(worker.queues, id)
        return id
    }

    /// Has the server's sessions read and plan the two statements of every job, which costs the first job of a session
    /// several milliseconds otherwise.
    private func rehearse(_ queues: [String], _ worker: WorkerID) async {
        guard let queue = queues.first else { return }
        await withTaskGroup(of: Void.self) { group in
            // As many as are usually under way together: a claim and the ends of runs.
            for _ in 0..<2 {
                group.addTask {
                    // What fails here fails again, and is told, where it matters.
                    try? await self.database.withConnection { connection in
                        let nothing = ClaimRequest(queue: queue, limit: 0, worker: worker)
                        _ = try await connection.query(.claim(nothing), timeout: .seconds(2))
                        // Once more: the first statement of a connection only learns whether it may be kept.
                        _ = try await connection.query(.claim(nothing), timeout: .seconds(2))
                        _ = try await connection.query(.finish([]), timeout: .seconds(2))
                    }
                }
            }
        }
    }

    public func unregister(_ worker: WorkerID) async throws {
        _ = try await self.database.execute(
            """
            DELETE FROM lectern.worker w WHERE id = \(worker.rawValue)
              AND NOT EXISTS (SELECT FROM lectern.lease WHERE worker = w.id)
            """)
    }

    public func heartbeat(_ worker: WorkerID, running: Int, isDraining: Bool) async throws -> HeartbeatReply {
        // The update keeps to the row's page, since no index holds what it changes.
        let row = try await self.database.queryOne(
            """
            WITH beat AS (
              UPDATE lectern.worker SET seen_at = now(), running = \(running), draining = \(isDraining)
              WHERE id = \(worker.rawValue) RETURNING wish, queues
            ), share AS (
              SELECT c.queue, coalesce(c.slots, -1) AS slots, coalesce(c.prefetch, -1) AS prefetch
              FROM lectern.queue_control c, beat b
              WHERE c.queue = ANY (b.queues) AND (c.slots IS NOT NULL OR c.prefetch IS NOT NULL)
            )
            SELECT EXISTS (SELECT FROM beat) AS known, (SELECT wish FROM beat) AS wish,
                   ARRAY(SELECT queue FROM share ORDER BY queue) AS queues,
                   ARRAY(SELECT slots FROM share ORDER BY queue) AS slots,
                   ARRAY(SELECT prefetch FROM share ORDER BY queue) AS prefetch
            """)
        guard let row else { throw StoreError(description: "the heartbeat was not answered") }
        var reply = HeartbeatReply(
            isKnown: try row.decode("known"),
            wish: try row.decode("wish", as: String?.self).flatMap(WorkerWish.init))
        let slots = try row.decode("slots", as: [Int].self)
        let prefetch = try row.decode("prefetch", as: [Int].self)
        for (index, queue) in try row.decode("queues", as: [String].self).enumerated() {
            reply.shares[queue] = QueueShare(
                slots: slots[index] < 0 ? nil : slots[index], prefetch: prefetch[index] < 0 ? nil : prefetch[index])
        }
        return reply
    }

    public func stopWishes(for worker: WorkerID) async throws -> [JobID] {
        // There are few wishes at any time; their leases come by primary key.
        try await self.database.query(
            """
            SELECT s.job_id FROM lectern.stop_wish s JOIN lectern.lease l ON l.job_id = s.job_id
            WHERE l.worker = \(worker.rawValue)
            """, timeout: .seconds(5)
        ).map { JobID(rawValue: try $0.decode("job_id")) }
    }

    public func claim(_ request: ClaimRequest) async throws -> [ClaimedJob] {
        try await self.database.query(.claim(request)).map { row in
            // By position, in the order of the function's columns: this is read once for every job.
            ClaimedJob(
                lease: JobLease(jobID: JobID(rawValue: try row.decode(0)), token: try row.decode(1)),
                kind: try row.decode(3), queue: request.queue, arguments: try row.decode(4),
                attempt: try row.decode(2), maxAttempts: try row.decode(5),
                timeout: .milliseconds(try row.decode(6, as: Int64.self)), uniqueKey: try row.decode(8),
                trace: try row.decode(9), waited: .milliseconds(max(0, try row.decode(10, as: Int64.self))),
                lane: Lane(rawValue: try row.decode(11)) ?? .standard, tag: try row.decode(12),
                isPlain: try row.decode(7, as: Int.self) & 2 == 0)
        }
    }

    public func putBack(_ claims: UnheardClaims) async throws -> Int {
        let row = try await self.database.queryOne(
            """
            SELECT lectern.put_back(\(claims.queue), \(claims.worker.rawValue), \(claims.after), \(claims.heard)) AS jobs
            """, timeout: .seconds(5))
        return try row?.decode("jobs") ?? 0
    }

    public func report(_ progress: JobProgress, of lease: JobLease) async throws -> Bool {
        // A heap-only update: no index holds the column, and the lease's page has room.
        try await self.database.execute(
            """
            UPDATE lectern.lease SET progress = jsonb_strip_nulls(jsonb_build_object(
              'done', \(progress.done)::int8, 'total', \(progress.total)::int8, 'stage', \(progress.stage)::text))
            WHERE job_id = \(lease.jobID.rawValue) AND token = \(lease.token)
            """, timeout: .seconds(5)) > 0
    }

    public func end(_ endings: [JobEnding]) async throws -> EndReport {
        guard !endings.isEmpty else { return EndReport(accepted: []) }
        let statement: SQL = endings.allSatisfy(\.isPlainSuccess) ? .finish(endings) : .end(endings)
        let report = try Self.report(try await self.database.query(statement))
        self.lookAgain(after: endings.filter { report.accepted.contains($0.job.lease.jobID) })
        return report
    }

    /// The end of a run that held a slot may have let a blocked job go, and this worker has a place for it.
    private func lookAgain(after endings: [JobEnding]) {
        for queue in Set(endings.lazy.filter { !$0.job.isPlain }.map(\.job.queue)) {
            self.wakeUpSource.yield(.queue(queue))
        }
    }

    private static func report(_ rows: [PostgresRow]) throws -> EndReport {
        var report = EndReport(accepted: [])
        report.accepted.reserveCapacity(rows.count)
        for row in rows {
            let id = JobID(rawValue: try row.decode(0))
            if try row.decode(1, as: Bool.self) {
                report.busy.insert(id)
            } else {
                report.accepted.insert(id)
            }
        }
        return report
    }

    public func end(
        _ ending: JobEnding, commit: @escaping @Sendable (JobTransaction) async throws -> Void
    ) async throws -> Bool {
        do {
            try await self.queue.withTransaction { transaction in
                // The fence first: its row lock keeps a rescue away until everything is written.
                let report = try Self.report(try await transaction.query(.end([ending]), timeout: nil))
                guard !report.accepted.isEmpty else { throw LeaseLost() }
                try await commit(transaction)
            }
            self.lookAgain(after: [ending])
            return true
        } catch is LeaseLost {
            return false
        }
    }

    public func promoteDue(limit: Int) async throws -> (promoted: Int, nextDue: Duration?) {
        let row = try await self.database.queryOne("SELECT * FROM lectern.promote(\(Int32(clamping: limit)))")
        guard let row else { return (0, nil) }
        for queue in try row.decode("queues", as: [String]?.self) ?? [] { self.wakeUpSource.yield(.queue(queue)) }
        let next = try row.decode("next_ms", as: Int64?.self)
        return (try row.decode("promoted"), next.map { .milliseconds(max(0, $0)) })
    }

    public func rescue(silence: Duration, isThorough: Bool) async throws -> RescueReport {
        let row = try await self.database.queryOne(
            "SELECT * FROM lectern.rescue(\(silence.milliseconds), \(isThorough))", timeout: .seconds(30))
        guard let row else { return RescueReport() }
        self.queue.wake(try row.decode("queues", as: [String]?.self) ?? [])
        return RescueReport(
            lostWorkers: try row.decode("lost"), requeued: try row.decode("requeued"),
            discarded: try row.decode("discarded"))
    }

    public func isTransient(_ error: any Error) -> Bool {
        guard let error = error as? PostgresError else { return false }
        // What a worker tells again is fenced by the run's token: it changes nothing the second time.
        return error.isTransient || error.code == .unknownOutcome
    }

    private struct LeaseLost: Error {}

    private struct StoreError: Error, CustomStringConvertible {
        let description: String
    }
}
