public import JobQueue
public import Logging
public import Postgres
public import ServiceLifecycle
import Synchronization

/// Counts what a worker process does and writes one row per minute, queue and kind to `lectern.stat_minute`.
///
/// As an observer it counts, under one lock and without allocating. As a service it writes; list it before the worker,
/// so that it ends after it and the last counts are those of the drain. What was counted since the last minute is lost
/// with a process that is killed.
public final class MinuteStatistics: WorkerObserver, Service {
    private let database: PostgresClient
    private let source: String
    private let logger: Logger
    private let tally = Mutex(RunTally())
    private let backlog: Mutex<MinuteBacklog>

    /// - Parameter name: of the process, for people; a random mark tells two runs of it apart.
    public init(database: PostgresClient, name: String, logger: Logger) {
        self.database = database
        self.source = name + "#" + String(UInt32.random(in: .min ... .max), radix: 36)
        self.logger = logger
        self.backlog = Mutex(MinuteBacklog(now: ContinuousClock().now))
    }

    public func started(_ job: ClaimedJob) {
        self.tally.withLock { $0.started(job) }
    }

    public func ended(_ ending: JobEnding) {
        self.tally.withLock { $0.ended(ending) }
    }

    public func endingRefused(_ ending: JobEnding) {
        self.tally.withLock { $0.refused(ending) }
    }

    /// Writes every finished minute until a graceful shutdown, and then what is left.
    public func run() async throws {
        await cancelWhenGracefulShutdown { await self.writeMinutes() }
        await self.flush()
    }

    /// Writes everything counted so far. What cannot be written now is kept for the next time.
    package func flush() async {
        await self.readClock()
        self.take()
        await self.write()
    }

    private func writeMinutes() async {
        let clock = ContinuousClock()
        while !Task.isCancelled {
            await self.readClock()
            let pause = self.backlog.withLock { $0.untilNextMinute(now: clock.now) }
            do {
                try await clock.sleep(for: pause ?? .seconds(5))
                guard pause != nil else { continue }
                self.take()
                // Every process is here at the same moment; they need not all write at once.
                try await clock.sleep(for: .milliseconds(Int.random(in: 0...3_000)))
            } catch { return }
            await self.write()
        }
    }

    private func take() {
        let now = ContinuousClock().now
        guard self.backlog.withLock({ $0.knowsTime }) else { return }
        let entries = self.tally.withLock { $0.take() }
        let lost = self.backlog.withLock { $0.file(entries, now: now) }
        if lost > 0 {
            self.logger.warning("minutes of statistics were given up", metadata: ["minutes": "\(lost)"])
        }
    }

    private func readClock() async {
        do {
            let row = try await self.database.queryOne(
                "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::int8 AS now_ms", timeout: .seconds(5))
            guard let time = try row?.decode("now_ms", as: Int64.self) else { return }
            self.backlog.withLock { $0.set(databaseTime: .milliseconds(time), now: ContinuousClock().now) }
        } catch {
            self.logger.debug("the database's clock could not be read", metadata: ["error": "\(error)"])
        }
    }

    private func write() async {
        for report in self.backlog.withLock({ $0.reports }) {
            do {
                try await self.database.execute(.add(report, from: self.source), timeout: .seconds(10))
                self.backlog.withLock { $0.written(report) }
            } catch {
                self.logger.warning(
                    "a minute of statistics could not be written, it waits", metadata: ["error": "\(error)"])
                return
            }
        }
    }
}

extension SQL {
    /// Adds one process's report. Locks its own rows only; a report that was added before changes nothing.
    static func add(_ report: MinuteBacklog.Report, from source: String) throws -> SQL {
        let rows = try PostgresJSON(encoding: report.entries.map(MinuteRow.init))
        return """
            INSERT INTO lectern.stat_minute AS s (
              minute, queue, kind, source, part, started, succeeded, retried, snoozed, released, discarded, cancelled,
              fenced, cost_micros, wait_ms, run_ms)
            SELECT to_timestamp(\(report.minute) * 60), r.queue, r.kind, \(source), \(report.part), r.started,
                   r.succeeded, r.retried, r.snoozed, r.released, r.discarded, r.cancelled, r.fenced, r.cost_micros,
                   r.wait_ms, r.run_ms
            FROM jsonb_to_recordset(\(rows)) AS r (
              queue text, kind text, started int, succeeded int, retried int, snoozed int, released int, discarded int,
              cancelled int, fenced int, cost_micros int8, wait_ms int[], run_ms int[])
            ON CONFLICT (minute, queue, kind, source) DO UPDATE SET
              part = excluded.part, started = s.started + excluded.started,
              succeeded = s.succeeded + excluded.succeeded, retried = s.retried + excluded.retried,
              snoozed = s.snoozed + excluded.snoozed, released = s.released + excluded.released,
              discarded = s.discarded + excluded.discarded, cancelled = s.cancelled + excluded.cancelled,
              fenced = s.fenced + excluded.fenced, cost_micros = s.cost_micros + excluded.cost_micros,
              wait_ms = s.wait_ms || excluded.wait_ms, run_ms = s.run_ms || excluded.run_ms
            WHERE s.part < excluded.part
            """
    }
}

/// One row in the shape of the statement's records.
private struct MinuteRow: Encodable {
    var queue: String
    var kind: String
    var started: Int
    var succeeded: Int
    var retried: Int
    var snoozed: Int
    var released: Int
    var discarded: Int
    var cancelled: Int
    var fenced: Int
    var cost_micros: Int64
    var wait_ms: [Int32]
    var run_ms: [Int32]

    init(_ entry: RunTally.Entry) {
        self.queue = entry.name.queue
        self.kind = entry.name.kind
        self.started = entry.counts.started
        self.succeeded = entry.counts.succeeded
        self.retried = entry.counts.retried
        self.snoozed = entry.counts.snoozed
        self.released = entry.counts.released
        self.discarded = entry.counts.discarded
        self.cancelled = entry.counts.cancelled
        self.fenced = entry.counts.fenced
        self.cost_micros = entry.counts.costMicros
        self.wait_ms = entry.waits.pairs
        self.run_ms = entry.runs.pairs
    }
}
