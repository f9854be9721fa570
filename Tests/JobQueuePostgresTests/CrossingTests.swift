import JobQueue
import JobQueuePostgres
import Postgres
import PostgresTesting
import Testing

/// Two transactions that meet at one row: the first holds it open until the second waits for it.
@Suite struct CrossingTests {
    /// Runs `first` in a transaction that commits only when `second` waits for what it locked.
    private static func cross(
        _ fixture: QueueFixture, first: @escaping @Sendable (PostgresConnection) async throws -> Void,
        second: @escaping @Sendable () async throws -> Void
    ) async throws {
        let isOpen = AsyncStream<Void>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await fixture.database.withTransaction { connection in
                    try await first(connection)
                    isOpen.continuation.yield()
                    try await Deadline.poll("the other one to wait") {
                        try await fixture.int(
                            """
                            SELECT count(*) FROM pg_stat_activity
                            WHERE datname = current_database() AND wait_event_type = 'Lock'
                            """) > 0
                    }
                }
            }
            group.addTask {
                for await _ in isOpen.stream { break }
                try await second()
            }
            try await group.waitForAll()
        }
    }

    @Test func aGateOpensAlsoForARowThatSomebodyJustBeganToNeed() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let parent = try await fixture.enqueue("parent").id
            let child = try await fixture.enqueue("child") { $0.after = [parent] }.id
            let run = try #require(try await fixture.claim(worker: worker).first)
            try await Self.cross(fixture) { connection in
                _ = try await connection.query("SELECT lectern.hold_needed(\(child.rawValue))")
            } second: {
                let isEnded = try await fixture.end(run)
                #expect(isEnded)
            }
            #expect(try await fixture.state(of: child) == .ready)
        }
    }

    @Test func aWishToStopIsHeardAlsoByARunThatIsJustComingBack() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let job = try await fixture.enqueue("a").id
            let run = try #require(try await fixture.claim(worker: worker).first)
            try await Self.cross(fixture) { connection in
                _ = try await connection.query("SELECT lectern.cancel(\(job.rawValue), 'cancelled', 'test')")
            } second: {
                let isEnded = try await fixture.end(run, .retry(after: .seconds(60)))
                #expect(isEnded)
            }
            #expect(try await fixture.state(of: job) == .cancelled)
            #expect(try await fixture.count("lectern.stop_wish") == 0)
        }
    }

    @Test func aDiscardWaitsForWhoeverBeginsToNeedTheDeadJob() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let letters = DeadLetters(database: fixture.database, queue: fixture.queue)
            let parent = try await fixture.enqueue("parent").id
            try await fixture.run(.discard, worker: worker)
            let gate = "needs:1"
            try await Self.cross(fixture) { connection in
                // What an enqueue does for a job that needs the dead one.
                _ = try await connection.query("SELECT lectern.hold_needed(\(parent.rawValue))")
                try await connection.execute("INSERT INTO lectern.dependency VALUES (\(parent.rawValue), 1)")
                try await connection.execute(
                    """
                    INSERT INTO lectern.job (id, queue, kind, args, lane, max_attempts, timeout_ms)
                    VALUES (1, 'probes', 'probe', '{}', 10, 3, 1000)
                    """)
                try await connection.execute(
                    """
                    INSERT INTO lectern.blocked (job_id, queue, lane, tag, gate) VALUES (1, 'probes', 10, 1, \(gate))
                    """)
            } second: {
                let isDiscarded = try await letters.discard(parent, reason: "of no use", actor: "test")
                #expect(isDiscarded)
            }
            #expect(try await fixture.state(of: JobID(rawValue: 1)) == .cancelled)
        }
    }

    @Test func aRescueWaitsForWhoeverJoinsTheLostJob() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let job = try await fixture.enqueue("a", key: "k") { $0.waiter = .init(name: "anna") }.id
            _ = try await fixture.claim(worker: worker)
            try await fixture.database.execute("UPDATE lectern.job SET max_attempts = 1")
            try await fixture.database.execute("UPDATE lectern.worker SET seen_at = now() - interval '1 hour'")
            try await Self.cross(fixture) { connection in
                // What an enqueue does that joins the job.
                _ = try await connection.query(
                    "SELECT pg_advisory_xact_lock_shared(hashtextextended('key:k', 0)) IS NULL AS locked")
                try await connection.execute(
                    "INSERT INTO lectern.waiter (job_id, waiter, lane) VALUES (\(job.rawValue), 'bert', 0)")
            } second: {
                let report = try await fixture.store.rescue(silence: .seconds(12), isThorough: true)
                #expect(report.discarded == 1)
            }
            #expect(try await fixture.state(of: job) == .dead)
            #expect(try await fixture.count("lectern.waiter") == 0)
        }
    }
}
