import Postgres

/// What happened in a queue in equal spans of time that follow each other.
public struct QueueHistory: Sendable {
    public struct Span: Sendable {
        /// All kinds together.
        public var statistics: KindStatistics
        /// Jobs accepted; `nil` where more were accepted since than are counted.
        public var enqueued: Int?
    }

    public var queue: String
    /// The earliest first; the last one ends with the last whole minute.
    public var spans: [Span]
}

extension QueueStatistics {
    /// Jobs that are counted one by one, the newest first.
    private static let countedJobs = 20_000

    /// The last minutes of every queue in which something happened, by name.
    ///
    /// - Parameters:
    ///   - spans: how many.
    ///   - minutes: how long each of them is.
    ///   - queue: `nil` for all.
    public func history(spans: Int, of minutes: Int, queue: String? = nil) async throws -> [QueueHistory] {
        let (spans, minutes) = (max(1, spans), max(1, minutes))
        let total = spans * minutes
        // A range of the primary key; one row per process, minute and kind.
        let rows = try await self.database.query(
            """
            SELECT queue, started, succeeded, retried, snoozed, released, discarded, cancelled, fenced, cost_micros,
                   wait_ms, run_ms,
                   (\(total) - 1 - extract(epoch FROM date_trunc('minute', now()) - interval '1 minute' - minute)
                     / 60)::int AS place
            FROM lectern.stat_minute
            WHERE minute >= date_trunc('minute', now()) - \(total) * interval '1 minute'
              AND minute < date_trunc('minute', now()) AND queue = coalesce(\(queue), queue)
            """, timeout: .seconds(10))
        var histories: [String: QueueHistory] = [:]
        for row in rows {
            let name = try row.decode("queue", as: String.self)
            let place = try row.decode("place", as: Int.self) / minutes
            guard (0..<spans).contains(place) else { continue }
            try histories[name, default: QueueHistory(name, spans: spans, minutes: minutes)]
                .spans[place].statistics.add(row)
        }
        try await self.count(&histories, spans: spans, minutes: minutes, queue: queue)
        return histories.values.sorted { $0.queue < $1.queue }
    }

    /// Adds the jobs that were accepted: the newest of them, back along the primary key of their bodies.
    private func count(
        _ histories: inout [String: QueueHistory], spans: Int, minutes: Int, queue: String?
    ) async throws {
        let total = spans * minutes
        let rows = try await self.database.query(
            """
            WITH bounds AS MATERIALIZED (
              SELECT date_trunc('minute', now()) AS ends, date_trunc('minute', now()) - \(total) * interval '1 minute'
                       AS begins
            ), newest AS MATERIALIZED (
              SELECT id, queue FROM lectern.job
              WHERE id >= (SELECT (extract(epoch FROM begins) * 1000)::int8 << 20 FROM bounds)
                AND id < (SELECT (extract(epoch FROM ends) * 1000)::int8 << 20 FROM bounds)
              ORDER BY id DESC LIMIT \(Self.countedJobs)
            ), known AS MATERIALIZED (
              SELECT CASE WHEN count(*) < \(Self.countedJobs) THEN -1 ELSE
                       floor(extract(epoch FROM lectern.job_time(min(id)) - (SELECT begins FROM bounds)) / 60)::int
                     END AS minute
              FROM newest
            )
            SELECT n.queue, floor(extract(epoch FROM lectern.job_time(n.id) - b.begins) / 60)::int AS minute,
                   count(*) AS jobs, (SELECT minute FROM known) AS unknown_until
            FROM newest n CROSS JOIN bounds b WHERE n.queue = coalesce(\(queue), n.queue) GROUP BY n.queue, 2
            """, timeout: .seconds(10))
        var unknownUntil = -1
        for row in rows {
            let name = try row.decode("queue", as: String.self)
            unknownUntil = try row.decode("unknown_until", as: Int.self)
            let place = try row.decode("minute", as: Int.self) / minutes
            guard (0..<spans).contains(place) else { continue }
            histories[name, default: QueueHistory(name, spans: spans, minutes: minutes)].spans[place].enqueued? +=
                try row.decode("jobs", as: Int.self)
        }
        guard unknownUntil >= 0 else { return }
        for name in histories.keys {
            for place in 0...min(spans - 1, unknownUntil / minutes) { histories[name]?.spans[place].enqueued = nil }
        }
    }
}

extension QueueHistory {
    fileprivate init(_ queue: String, spans: Int, minutes: Int) {
        let empty = Span(
            statistics: KindStatistics(queue: queue, kind: "", window: .seconds(60 * minutes)), enqueued: 0)
        self.init(queue: queue, spans: Array(repeating: empty, count: spans))
    }
}
