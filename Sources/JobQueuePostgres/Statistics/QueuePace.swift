import Postgres

/// How fast a queue moves: what estimates of waiting times rest on.
public struct QueuePace: Hashable, Sendable {
    public var meanRun: Duration
    public var runDeviation: Duration
    /// Nine runs of ten take at least ``shortRun`` and nine of ten at most ``longRun``.
    public var shortRun: Duration
    public var longRun: Duration
    /// Runs at once that live workers and the queue's limit allow, without those that claim nothing more.
    public var slots: Int
    /// Runs under way.
    public var running: Int

    public init(
        meanRun: Duration, runDeviation: Duration = .zero, shortRun: Duration? = nil, longRun: Duration? = nil,
        slots: Int, running: Int = 0
    ) {
        self.meanRun = meanRun
        self.runDeviation = runDeviation
        self.shortRun = shortRun ?? meanRun
        self.longRun = longRun ?? meanRun
        self.slots = slots
        self.running = running
    }
}

extension JobInspector {
    /// Fewer runs in the roll-ups say less than the last runs themselves.
    private static let enoughRuns = 20
    /// What is assumed of a queue that nothing is known of.
    private static let assumedRun: Duration = .seconds(1)

    /// How fast the queue moves: the runs of the last quarter of an hour and the slots that serve it.
    public func pace(of queue: String) async throws -> QueuePace {
        var runs = try await QueueStatistics(database: self.database).total(of: queue)?.runs ?? DurationHistogram()
        if runs.count < Self.enoughRuns {
            runs = DurationHistogram()
            for run in try await self.recentRuns(of: queue) { runs.record(run) }
        }
        // One row per process; nothing is locked.
        let row = try await self.database.queryOne(
            """
            SELECT least(coalesce(sum(coalesce(c.slots, w.slots)), 0), max(c.max_running))::int8 AS slots,
                   coalesce(sum(w.running), 0)::int8 AS running
            FROM (SELECT \(queue)::text AS queue) AS q
            LEFT JOIN lectern.queue_control c ON c.queue = q.queue
            LEFT JOIN lectern.worker w ON q.queue = ANY (w.queues) AND NOT w.draining AND w.wish IS NULL
              AND w.seen_at > now() - \(Self.silence.milliseconds) * interval '1 millisecond'
            """)
        let (slots, running) = (try row?.decode("slots", as: Int.self), try row?.decode("running", as: Int.self))
        guard runs.count > 0 else {
            return QueuePace(meanRun: Self.assumedRun, slots: slots ?? 0, running: running ?? 0)
        }
        return QueuePace(
            meanRun: runs.mean, runDeviation: runs.standardDeviation, shortRun: runs.value(at: 10),
            longRun: runs.value(at: 90), slots: slots ?? 0, running: running ?? 0)
    }

    /// Walks the ends of the thousand newest jobs by the index on their ids, however many there are.
    private func recentRuns(of queue: String) async throws -> [Duration] {
        try await self.database.query(
            """
            SELECT run_ms FROM (
              SELECT queue, outcome, finished_at, run_ms FROM lectern.done ORDER BY job_id DESC LIMIT 1000) AS recent
            WHERE queue = \(queue) AND outcome = 'succeeded' AND finished_at > now() - interval '15 minutes' LIMIT 100
            """
        ).map { .milliseconds(try $0.decode("run_ms", as: Int64.self)) }
    }
}
