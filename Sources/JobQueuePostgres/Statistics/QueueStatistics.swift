public import Postgres

/// What happened to the jobs of one kind in some minutes, over all processes.
public struct KindStatistics: Sendable {
    public var queue: String
    /// Empty where several kinds were added up.
    public var kind: String
    /// The time that all of this happened in.
    public var window: Duration
    public var counts = RunCounts()
    /// From the moment a job could have run to its claim.
    public var waits = DurationHistogram()
    /// Of runs that came to an end of their own.
    public var runs = DurationHistogram()

    /// The rate of one of the counts.
    public func perSecond(_ count: KeyPath<RunCounts, Int>) -> Double {
        Double(self.counts[keyPath: count]) / (self.window / .seconds(1))
    }

    mutating func add(_ other: KindStatistics) {
        self.counts += other.counts
        self.waits.add(other.waits)
        self.runs.add(other.runs)
    }
}

/// Reads rates, percentiles and costs from the minute roll-ups, whatever the number of finished jobs.
public struct QueueStatistics: Sendable {
    let database: PostgresClient

    public init(database: PostgresClient) {
        self.database = database
    }

    /// By queue and kind, in the order of their names. Kinds that did nothing are left out.
    ///
    /// The minute under way is left out. The one before it is complete some seconds after its end.
    ///
    /// - Parameters:
    ///   - minutes: how many whole minutes to look at, at least one.
    ///   - queue: `nil` for all.
    public func kinds(minutes: Int = 15, queue: String? = nil) async throws -> [KindStatistics] {
        let minutes = max(1, minutes)
        // A range of the primary key; one row per process, minute and kind.
        let rows = try await self.database.query(
            """
            SELECT queue, kind, started, succeeded, retried, snoozed, released, discarded, cancelled, fenced, cost_micros,
                   wait_ms, run_ms
            FROM lectern.stat_minute
            WHERE minute >= date_trunc('minute', now()) - \(minutes) * interval '1 minute'
              AND minute < date_trunc('minute', now()) AND queue = coalesce(\(queue), queue)
            ORDER BY queue, kind
            """, timeout: .seconds(10))
        var kinds: [KindStatistics] = []
        for row in rows {
            let (queue, kind) = (try row.decode("queue", as: String.self), try row.decode("kind", as: String.self))
            if kinds.last?.queue != queue || kinds.last?.kind != kind {
                kinds.append(KindStatistics(queue: queue, kind: kind, window: .seconds(60 * minutes)))
            }
            try kinds[kinds.count - 1].add(row)
        }
        return kinds
    }

    /// All kinds of a queue added up; `nil` when it did nothing.
    public func total(of queue: String, minutes: Int = 15) async throws -> KindStatistics? {
        let kinds = try await self.kinds(minutes: minutes, queue: queue)
        guard var sum = kinds.first else { return nil }
        sum.kind = ""
        for kind in kinds.dropFirst() { sum.add(kind) }
        return sum
    }
}

extension KindStatistics {
    mutating func add(_ row: PostgresRow) throws {
        self.counts += RunCounts(
            started: try row.decode("started"), succeeded: try row.decode("succeeded"),
            retried: try row.decode("retried"), snoozed: try row.decode("snoozed"),
            released: try row.decode("released"), discarded: try row.decode("discarded"),
            cancelled: try row.decode("cancelled"), fenced: try row.decode("fenced"),
            costMicros: try row.decode("cost_micros"))
        self.waits.add(pairs: try row.decode("wait_ms"))
        self.runs.add(pairs: try row.decode("run_ms"))
    }
}
