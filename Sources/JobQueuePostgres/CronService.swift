import FoundationEssentials
import JobQueue
public import Logging
public import Postgres

/// Enqueues recurring jobs when they are due, by the database's clock.
///
/// Several may do so at the same time: a firing, its job and how far the schedule is settled are one transaction, and
/// the key of `lectern.cron_fire` lets an instant be fired once.
public struct CronService: Sendable {
    /// The longest time between two looks: bounds what a change of the database's clock can delay.
    public static let longestPause: Duration = .seconds(15)
    private static let shortestPause: Duration = .milliseconds(20)
    private static let timeout: Duration = .seconds(10)

    private let database: PostgresClient
    private let queue: PostgresJobQueue
    private let entries: [CronEntry]
    private let logger: Logger

    /// - Parameter entries: each with a name of its own.
    public init(database: PostgresClient, queue: PostgresJobQueue, entries: [CronEntry], logger: Logger) {
        self.database = database
        self.queue = queue
        self.entries = entries
        self.logger = logger
    }

    /// Fires what is due, and answers how long nothing will be, at most ``longestPause``.
    ///
    /// An entry that cannot be enqueued keeps no other from firing; it is tried again at the next call.
    public func fireDue() async throws -> Duration {
        guard !self.entries.isEmpty else { return Self.longestPause }
        let (now, settled) = try await self.settled()
        var pause = Self.longestPause
        for entry in self.entries where entry.isEnabled {
            guard let since = settled[entry.name] else { continue }
            let firings = entry.schedule.firings(since: since, now: now)
            if firings.settledAt > since { await self.fire(entry) }
            if let next = firings.next { pause = min(pause, .seconds(next.timeIntervalSince(now))) }
        }
        return max(pause, Self.shortestPause)
    }

    /// The database's clock, and up to when each entry is settled. A name that is new is settled up to now.
    private func settled() async throws -> (now: Date, settled: [String: Date]) {
        // Row locks on disabled entries only, and these at most once a minute.
        let disabled = self.entries.filter { !$0.isEnabled }.map(\.name)
        if !disabled.isEmpty {
            try await self.database.execute(
                """
                UPDATE lectern.cron SET settled_at = now()
                WHERE name = ANY (\(disabled)) AND settled_at < now() - interval '1 minute'
                """, timeout: Self.timeout)
        }
        // Reads by primary key; writes only what was never seen.
        let rows = try await self.database.query(
            """
            WITH known AS (
              SELECT name, settled_at FROM lectern.cron WHERE name = ANY (\(self.entries.map(\.name)))
            ), added AS (
              INSERT INTO lectern.cron (name)
              SELECT n FROM unnest(\(self.entries.map(\.name))::text[]) AS n
              WHERE n NOT IN (SELECT name FROM known) ORDER BY n
              ON CONFLICT DO NOTHING RETURNING name, settled_at
            )
            SELECT now() AS now, name, settled_at FROM known UNION ALL SELECT now(), name, settled_at FROM added
            """, timeout: Self.timeout)
        guard let first = rows.first else { return (.distantPast, [:]) }
        var settled: [String: Date] = [:]
        for row in rows { settled[try row.decode("name")] = try row.decode("settled_at", as: Date.self) }
        return (try first.decode("now"), settled)
    }

    private func fire(_ entry: CronEntry) async {
        do {
            let instants = try await self.queue.withTransaction(timeout: Self.timeout) { transaction in
                try await Self.fire(entry, in: transaction)
            }
            for instant in instants {
                self.logger.info(
                    "a recurring job was enqueued",
                    metadata: ["name": "\(entry.name)", "at": "\(instant.ISO8601Format())"])
            }
        } catch {
            self.logger.error(
                "a recurring job was not enqueued", metadata: ["name": "\(entry.name)", "error": "\(error)"])
        }
    }

    /// Answers the instants that were fired here.
    private static func fire(_ entry: CronEntry, in transaction: JobTransaction) async throws -> [Date] {
        // Whoever else fires this entry holds the row, and settles it.
        let row = try await transaction.queryOne(
            "SELECT settled_at, now() AS now FROM lectern.cron WHERE name = \(entry.name) FOR UPDATE SKIP LOCKED")
        guard let row else { return [] }
        let since = try row.decode("settled_at", as: Date.self)
        let firings = entry.schedule.firings(since: since, now: try row.decode("now"))
        guard firings.settledAt > since else { return [] }
        let fresh = try await transaction.query(
            """
            INSERT INTO lectern.cron_fire (name, at) SELECT \(entry.name)::text, unnest(\(firings.due))
            ON CONFLICT DO NOTHING RETURNING at
            """, timeout: nil
        ).map { try $0.decode("at", as: Date.self) }
        for _ in fresh { try await transaction.enqueue(entry.arguments, options: EnqueueOptions(actor: "cron")) }
        try await transaction.execute(
            """
            UPDATE lectern.cron SET settled_at = \(firings.settledAt), last_fired = greatest(last_fired, \(fresh.max()))
            WHERE name = \(entry.name)
            """)
        return fresh
    }
}
