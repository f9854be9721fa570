public import JobQueue
public import Postgres

/// Reads the dead letters and decides what becomes of them.
public struct DeadLetters: Sendable {
    /// The most letters of one page and of one redrive.
    public static let maximumLimit = 1_000

    private let database: PostgresClient
    private let queue: PostgresJobQueue

    public init(database: PostgresClient, queue: PostgresJobQueue) {
        self.database = database
        self.queue = queue
    }

    /// The letters that match, the newest first.
    ///
    /// Walks an index from the cursor on, so that a page costs the same wherever it lies. Letters that come or go
    /// meanwhile never make another one stand twice or be left out.
    /// - Parameter limit: from 1 to ``maximumLimit``; what lies outside is taken to the nearest of them.
    public func page(
        _ filter: DeadLetterFilter = DeadLetterFilter(), limit: Int = 50, after cursor: DeadLetterCursor? = nil
    ) async throws -> DeadLetterPage {
        let limit = min(max(1, limit), Self.maximumLimit)
        var conditions: [SQL] = ["true"]
        if let queue = filter.queue { conditions.append("queue = \(queue)") }
        if let kind = filter.kind { conditions.append("kind = \(kind)") }
        if let code = filter.code { conditions.append("code = \(code)") }
        if let cursor {
            conditions.append(
                """
                (died_at, job_id) < ('epoch'::timestamptz + \(cursor.diedAt)::int8 * interval '1 microsecond',
                                     \(cursor.jobID)::int8)
                """)
        }
        // One more than asked for tells whether there is a next page.
        let rows = try await self.database.query(
            """
            SELECT job_id, queue, kind, died_at, attempt, crashes, code, message,
                   (extract(epoch FROM died_at) * 1000000)::int8 AS died_us
            FROM lectern.dead WHERE \(sql: conditions.joined(separator: " AND "))
            ORDER BY died_at DESC, job_id DESC LIMIT \(Int32(limit + 1))
            """)
        let letters = try rows.prefix(limit).map(DeadLetter.init)
        guard rows.count > limit, let last = rows.prefix(limit).last else { return DeadLetterPage(letters: letters) }
        return DeadLetterPage(
            letters: letters,
            next: DeadLetterCursor(diedAt: try last.decode("died_us"), jobID: try last.decode("job_id")))
    }

    /// One letter with its whole body and its errors; `nil` when there is none.
    public func detail(of id: JobID) async throws -> DeadLetterDetail? {
        let row = try await self.database.queryOne(
            """
            SELECT job_id, queue, kind, died_at, attempt, crashes, code, message, args::text AS args, lane, max_attempts,
                   unique_key, trace, actor, batch_id
            FROM lectern.dead WHERE job_id = \(id.rawValue)
            """)
        guard let row else { return nil }
        return DeadLetterDetail(
            letter: try DeadLetter(row), arguments: try row.decode("args"),
            lane: Lane(rawValue: try row.decode("lane")) ?? .standard, maxAttempts: try row.decode("max_attempts"),
            uniqueKey: try row.decode("unique_key"), trace: try row.decode("trace"), actor: try row.decode("actor"),
            batch: try row.decode("batch_id", as: Int64?.self).map(BatchID.init(rawValue:)),
            events: try await JobInspector.events(of: id, in: self.database))
    }

    /// Runs a letter again with a new budget of attempts, under its own id.
    ///
    /// - Parameter actor: who asks, a machine word for the record.
    public func redrive(_ id: JobID, actor: String) async throws -> RedriveResult {
        // Locks as an enqueue of the job does; the queue's name is read before the letter goes.
        let row = try await self.database.queryOne(
            """
            WITH letter AS MATERIALIZED (SELECT queue FROM lectern.dead WHERE job_id = \(id.rawValue))
            SELECT (SELECT queue FROM letter) AS queue, lectern.redrive(\(id.rawValue), \(actor)) AS verdict
            """)
        let result = try row.flatMap { RedriveResult(rawValue: try $0.decode("verdict")) } ?? .unknown
        if result == .redriven, let queue = try row?.decode("queue", as: String?.self) {
            self.queue.wake([queue])
        }
        return result
    }

    /// Runs the oldest matching letters again, in one transaction. What expired stays and is not counted.
    ///
    /// - Parameter limit: from 1 to ``maximumLimit``; a report with fewer letters than that means that none is left.
    public func redrive(_ filter: DeadLetterFilter, limit: Int, actor: String) async throws -> RedriveReport {
        let row = try await self.database.queryOne(
            """
            SELECT * FROM lectern.redrive_some(\(filter.queue), \(filter.kind), \(filter.code),
                                               \(Int32(min(max(1, limit), Self.maximumLimit))), \(actor))
            """)
        guard let row else { return RedriveReport(redriven: 0, joined: 0, superseded: 0) }
        self.queue.wake(try row.decode("queues", as: [String].self))
        return RedriveReport(
            redriven: try row.decode("redriven"), joined: try row.decode("joined"),
            superseded: try row.decode("superseded"))
    }

    /// Gives a letter up: it ends as cancelled, and so do the jobs that need it.
    ///
    /// - Parameters:
    ///   - reason: a sentence for people, kept in the job's history.
    ///   - actor: who asks, a machine word for the record.
    /// - Returns: false when there is no such letter.
    public func discard(_ id: JobID, reason: String, actor: String) async throws -> Bool {
        let row = try await self.database.queryOne(
            "SELECT lectern.discard_dead(\(id.rawValue), \(reason), \(actor)) AS discarded")
        return try row?.decode("discarded") ?? false
    }
}

extension DeadLetter {
    fileprivate init(_ row: PostgresRow) throws {
        self.init(
            id: JobID(rawValue: try row.decode("job_id")), queue: try row.decode("queue"),
            kind: try row.decode("kind"), diedAt: try row.decode("died_at"), attempt: try row.decode("attempt"),
            crashes: try row.decode("crashes"), code: try row.decode("code"), message: try row.decode("message"))
    }
}
