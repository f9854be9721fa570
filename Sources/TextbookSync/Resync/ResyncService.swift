public import JobQueue
public import JobQueuePostgres
public import PipelineJobs
public import Postgres

/// Where a resync stands, in the form that clients read.
public struct ResyncStatus: Codable, Sendable, Hashable {
    public enum State: String, Codable, Sendable, Hashable {
        /// Nobody has begun with it.
        case queued
        /// The files are read and compared with what readers see.
        case planning
        /// Texts go to the bucket.
        case storing
        /// Texts go into the search index.
        case indexing
        /// The release is shown to readers.
        case publishing
        /// Readers see it; the readable names in the bucket follow.
        case aliasing
        case done
        case failed
        /// A newer state of the book took its place, or somebody cancelled it.
        case cancelled
    }

    public struct Progress: Codable, Sendable, Hashable {
        /// Files that got through the present step.
        public var done: Int
        public var total: Int
        public var failed: Int
    }

    public struct Failure: Codable, Sendable, Hashable {
        /// A machine word.
        public var code: String
        public var message: String

        public init(code: String, message: String) {
            self.code = code
            self.message = message
        }
    }

    /// The number to ask for it with.
    public var id: String
    public var state: State
    /// True when nothing will change any more.
    public var done: Bool
    /// The release that readers see by it, or will.
    public var release: Int64?
    /// Of the present step, where it has one.
    public var progress: Progress?
    /// What was read and planned, from then on.
    public var report: SyncReport?
    public var error: Failure?
}

/// Asks for resyncs and tells how they stand.
public struct ResyncService: Sendable {
    private let database: PostgresClient
    private let queue: PostgresJobQueue

    public init(database: PostgresClient, queue: PostgresJobQueue) {
        self.database = database
        self.queue = queue
    }

    /// Asks for a resync. The same state of the same files, asked for again, is the same resync: while it is under way,
    /// and as long as readers see what came of it.
    ///
    /// - Returns: its number, and whether it had been asked for before.
    public func start(_ request: SyncBook, actor: String) async throws -> (id: JobID, isKnown: Bool) {
        if let known = try await self.known(request) { return (known, true) }
        let job = try await self.queue.enqueue(request, options: EnqueueOptions(lane: .interactive, actor: actor))
        return (job.id, !job.isNew)
    }

    /// The resync that readers have to thank for what they see, where the request is the same.
    private func known(_ request: SyncBook) async throws -> JobID? {
        guard let manifest = request.manifest, request.onlyPlan != true else { return nil }
        let row = try await self.database.queryOne(
            """
            SELECT s.job_id FROM lectern.book b
            JOIN lectern.release r ON r.id = b.active_release
            JOIN lectern.resync s ON s.release_id = r.id AND s.state = 'done'
            JOIN lectern.job j ON j.id = s.job_id
            WHERE j.args->>'manifest' = \(manifest)
              AND j.args->>'revision' IS NOT DISTINCT FROM \(request.revision as String?)
              AND s.job_id = (SELECT max(o.job_id) FROM lectern.resync o WHERE o.release_id = r.id)
            ORDER BY s.job_id DESC LIMIT 1
            """)
        return try row.map { JobID(rawValue: try $0.decode("job_id")) }
    }

    /// Where it stands; `nil` when there is no such resync (any more).
    public func status(of id: JobID) async throws -> ResyncStatus? {
        // The job first: when it has ended, the row read after it holds all that it wrote.
        let job = try await JobInspector(database: self.database).snapshot(of: id)
        let row = try await self.database.queryOne(
            """
            SELECT s.state, s.release_id, nullif(s.report, '{}')::text AS report, s.error_code, s.error_message,
                   s.ended_at IS NOT NULL AS ended, t.total, t.succeeded, t.dead + t.cancelled AS failed,
                   d.code AS dead_code, d.message AS dead_message
            FROM lectern.resync s LEFT JOIN lectern.batch t ON t.id = s.batch_id
            LEFT JOIN LATERAL (
              SELECT code, message FROM lectern.dead
              WHERE s.ended_at IS NULL
                AND (kind = 'advance_resync' AND args->>'resync' = s.job_id::text
                     OR kind = 'place_aliases' AND args->>'release_id' = s.release_id::text AND s.state = 'aliasing')
              ORDER BY died_at DESC LIMIT 1) AS d ON true
            WHERE s.job_id = \(id.rawValue)
            """)
        guard row != nil || job != nil else { return nil }
        var status = ResyncStatus(id: "\(id)", state: .queued, done: false)
        if let row {
            status.state = ResyncStatus.State(rawValue: try row.decode("state")) ?? .planning
            status.done = try row.decode("ended")
            status.release = try row.decode("release_id")
            status.report = try row.decode("report", as: String?.self).map { try PostgresJSON(text: $0).decode() }
            if let total = try row.decode("total", as: Int?.self) {
                status.progress = .init(
                    done: try row.decode("succeeded"), total: total, failed: try row.decode("failed"))
            }
            // A step that died stands still until somebody retries its dead letter.
            if let code = try row.decode("dead_code", as: String?.self) {
                status.state = .failed
                status.done = true
                status.error = .init(code: code, message: try row.decode("dead_message", as: String?.self) ?? "")
            }
            if let code = try row.decode("error_code", as: String?.self) {
                status.error = .init(code: code, message: try row.decode("error_message", as: String?.self) ?? "")
            }
        }
        if !status.done, let job { self.follow(job, &status) }
        return status
    }

    /// What the planning job says where the resync's own row does not say it yet.
    private func follow(_ job: JobSnapshot, _ status: inout ResyncStatus) {
        switch job.state {
        case .ready, .scheduled, .blocked:
            if status.state == .planning { status.state = .queued }
        case .running:
            if status.state == .queued { status.state = .planning }
        case .dead:
            status.state = .failed
            status.done = true
            status.error = .init(code: job.code ?? "failed", message: job.message ?? "")
        case .cancelled, .superseded, .expired:
            status.state = .cancelled
            status.done = true
            status.error = .init(code: job.state.rawValue, message: "the resync was \(job.state.rawValue)")
        case .succeeded: break
        }
    }

    /// The latest resyncs, newest first.
    public func latest(_ limit: Int = 20) async throws -> [ResyncStatus] {
        let rows = try await self.database.query(
            "SELECT job_id FROM lectern.resync ORDER BY job_id DESC LIMIT \(limit)")
        var statuses: [ResyncStatus] = []
        for row in rows {
            if let status = try await self.status(of: JobID(rawValue: try row.decode("job_id"))) {
                statuses.append(status)
            }
        }
        return statuses
    }
}
