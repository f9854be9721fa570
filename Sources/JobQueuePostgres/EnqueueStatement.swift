import FoundationEssentials
import JobQueue
import Postgres

/// One job on its way into the tables.
struct JobRow: Sendable {
    var queue: String
    var kind: String
    var arguments: String
    var lane: Int16
    var maxAttempts: Int16
    var timeoutMilliseconds: Int32
    var delayMilliseconds: Int64
    var uniqueKey: String?
    var trace: String?
    var actor: String?

    init<Arguments: JobArguments>(_ arguments: Arguments, options: EnqueueOptions) throws {
        let definition = Arguments.definition
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data: Data
        do {
            data = try encoder.encode(arguments)
        } catch {
            throw EnqueueError(
                code: .argumentsNotEncodable, description: "the arguments of \(definition.kind) do not encode: \(error)"
            )
        }
        guard data.count <= PostgresJobQueue.maximumArgumentBytes else {
            throw EnqueueError(
                code: .argumentsTooLarge,
                description: "the arguments of \(definition.kind) take \(data.count) bytes, "
                    + "\(PostgresJobQueue.maximumArgumentBytes) are allowed")
        }
        self.queue = definition.queue
        self.kind = definition.kind
        self.arguments = String(decoding: data, as: UTF8.self)
        self.lane = (options.lane ?? definition.lane).rawValue
        self.maxAttempts = Int16(clamping: definition.retryPolicy.maxAttempts)
        self.timeoutMilliseconds = Int32(clamping: definition.timeout.milliseconds)
        self.delayMilliseconds = max(0, options.delay.milliseconds)
        self.uniqueKey = arguments.uniqueKey
        self.trace = options.trace
        self.actor = options.actor
    }
}

extension Duration {
    /// Whole milliseconds, rounded up, so that a short delay is not lost.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = self.components
        let fraction = attoseconds / 1_000_000_000_000_000
        let rest: Int64 = attoseconds % 1_000_000_000_000_000 > 0 ? 1 : 0
        return seconds * 1_000 + fraction + rest
    }
}

extension SQL {
    /// Stores the rows: key, body and place of each in one statement.
    ///
    /// A row whose unique key is taken is left out of the answer. Locks: the new rows; a key inserted by an open
    /// transaction makes this one wait for it. Answers `(n, id)` with `n` counted from 1.
    static func enqueue(_ rows: [JobRow]) -> SQL {
        """
        WITH input AS MATERIALIZED (
          SELECT i.*, lectern.new_job_id() AS id
          FROM unnest(\(rows.map(\.queue))::text[], \(rows.map(\.kind))::text[], \(rows.map(\.arguments))::jsonb[],
                      \(rows.map(\.lane))::int2[], \(rows.map(\.maxAttempts))::int2[],
                      \(rows.map(\.timeoutMilliseconds))::int4[], \(rows.map(\.delayMilliseconds))::int8[],
                      \(rows.map(\.uniqueKey))::text[], \(rows.map(\.trace))::text[], \(rows.map(\.actor))::text[])
               WITH ORDINALITY
               AS i (queue, kind, args, lane, max_attempts, timeout_ms, delay_ms, unique_key, trace, actor, n)
        ), flown AS (
          INSERT INTO lectern.flight (key, job_id)
          SELECT unique_key, id FROM input WHERE unique_key IS NOT NULL ORDER BY unique_key
          ON CONFLICT (key) DO NOTHING
          RETURNING job_id
        ), accepted AS (
          SELECT * FROM input i
          WHERE i.unique_key IS NULL OR i.id IN (SELECT job_id FROM flown)
        ), body AS (
          INSERT INTO lectern.job (id, queue, kind, args, lane, max_attempts, timeout_ms, unique_key, trace, actor)
          SELECT id, queue, kind, args, lane, max_attempts, timeout_ms, unique_key, trace, actor FROM accepted
        ), now_ready AS (
          INSERT INTO lectern.ready (queue, lane, tag, job_id)
          SELECT queue, lane, id, id FROM accepted WHERE delay_ms = 0
        ), later AS (
          INSERT INTO lectern.scheduled (run_at, job_id, queue, lane, why)
          SELECT now() + delay_ms * interval '1 millisecond', id, queue, lane, 'delayed' FROM accepted
          WHERE delay_ms > 0
        )
        SELECT n, id FROM accepted ORDER BY n
        """
    }
}
