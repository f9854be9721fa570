import Postgres

extension SQL {
    /// Stores one plain row and answers its `job_id`.
    static func enqueuePlain(_ row: JobRow) -> SQL {
        ("SELECT lectern.enqueue_plain(\(sql: Self.plainBinds(row))) AS job_id" as SQL).repeated
    }

    /// The same in a transaction of its own, and wakes the queue's workers after the commit. Cannot be sent inside a
    /// transaction.
    static func enqueueAndWake(_ row: JobRow) -> SQL {
        ("CALL lectern.enqueue_and_wake(\(sql: Self.plainBinds(row)), NULL)" as SQL).repeated
    }

    /// The `id` of the job that holds a key, where one in this lane may join it without writing anything; else NULL.
    static func liveJob(_ key: String, lane: Int16) -> SQL {
        ("SELECT lectern.live_job(\(key), \(lane)) AS id" as SQL).repeated
    }

    private static func plainBinds(_ row: JobRow) -> SQL {
        """
        \(row.queue), \(row.kind), \(row.arguments)::jsonb, \(row.lane), \(row.maxAttempts), \(row.timeoutMilliseconds), \
        \(row.trace), \(row.actor)
        """
    }

    /// Stores the rows: key, body and place of each in one statement.
    ///
    /// Answers `(n, job_id, status)` with `n` counted from 1. Locks: the new rows; a shared lock on each key until the
    /// end of the transaction, which keeps the joined job from ending before it; a key inserted by an open transaction
    /// makes this one wait for it.
    static func enqueue(_ rows: [JobRow]) -> SQL {
        let keys: [String?]? = rows.contains { $0.uniqueKey != nil } ? rows.map(\.uniqueKey) : nil
        let extras: [String?]? = rows.contains { $0.extra != nil } ? rows.map(\.extra) : nil
        let statement: SQL = """
            SELECT n, job_id, status FROM lectern.enqueue(
              \(rows.map(\.queue)), \(rows.map(\.kind)), \(rows.map(\.arguments))::jsonb[], \(rows.map(\.lane)),
              \(rows.map(\.maxAttempts)), \(rows.map(\.timeoutMilliseconds)), \(rows.map(\.delayMilliseconds)),
              \(keys), \(rows.map(\.trace)), \(rows.map(\.actor)), \(extras)::jsonb[])
            """
        return statement.repeated
    }
}
