import JobQueue
import JobQueuePostgres
import Postgres
import PostgresTesting
import Testing

@Suite struct QueueUpkeepTests {
    private static func names(_ fixture: QueueFixture, _ sql: SQL) async throws -> [String] {
        try await fixture.database.query(sql).map { try $0.decode(0) }
    }

    @Test func whatHasServedItsTimeGoesAndTheRestStays() async throws {
        try await withQueue { fixture in
            let living = try await fixture.queue.enqueue(Probe(name: "a")).id.rawValue
            try await fixture.database.execute(
                """
                INSERT INTO lectern.idem VALUES ('s', 'over', 'f', 1, now() - interval '1 second'),
                                                ('s', 'valid', 'f', 1, now() + interval '1 minute')
                """)
            try await fixture.database.execute(
                """
                INSERT INTO lectern.lineage VALUES ('over', 1, 1, now() - interval '31 days'),
                  ('recent', 1, 1, now() - interval '29 days'), ('lives', 1, \(living), now() - interval '31 days')
                """)
            try await fixture.database.execute(
                """
                INSERT INTO lectern.fair SELECT 'q', f.key, (extract(epoch FROM now() - f.age) * 1000)::bigint << 20
                FROM (VALUES ('over', interval '25 hours'), ('recent', '23 hours'), ('ahead', '-1 hour')) AS f (key, age)
                """)
            try await fixture.database.execute(
                """
                INSERT INTO lectern.cron_fire
                SELECT f.name, now() - f.age, now() - f.age
                FROM (VALUES ('over', interval '31 days'), ('recent', '29 days')) AS f (name, age)
                """)
            try await fixture.database.execute(
                """
                INSERT INTO lectern.batch (name, finished_at)
                VALUES ('over', now() - interval '31 days'), ('recent', now() - interval '29 days'), ('open', NULL)
                """)
            let upkeep = QueueUpkeep(database: fixture.database)
            #expect(try await upkeep.sweepLeftovers() == 5)
            #expect(try await upkeep.sweepLeftovers() == 0)
            #expect(try await Self.names(fixture, "SELECT key FROM lectern.idem") == ["valid"])
            #expect(
                try await Self.names(fixture, "SELECT key FROM lectern.lineage ORDER BY key") == ["lives", "recent"])
            #expect(
                try await Self.names(fixture, "SELECT fair_key FROM lectern.fair ORDER BY 1") == ["ahead", "recent"])
            #expect(try await Self.names(fixture, "SELECT name FROM lectern.cron_fire") == ["recent"])
            #expect(try await Self.names(fixture, "SELECT name FROM lectern.batch ORDER BY 1") == ["open", "recent"])
        }
    }

    @Test func aSweepTakesNoMoreThanItIsTold() async throws {
        try await withQueue { fixture in
            try await fixture.database.execute(
                "INSERT INTO lectern.idem SELECT 's', n::text, 'f', 1, now() - interval '1 day' FROM generate_series(1, 50) n"
            )
            let row = try await fixture.database.queryOne("SELECT lectern.sweep_leftovers(20) AS n")
            #expect(try row?.decode("n", as: Int.self) == 20)
            #expect(try await fixture.count("lectern.idem") == 30)
        }
    }

    @Test func theClockShowsTheLowestRunnableTagOfEveryLane() async throws {
        try await withQueue { fixture in
            let upkeep = QueueUpkeep(database: fixture.database)
            let read: @Sendable () async throws -> [String] = {
                try await Self.names(
                    fixture, "SELECT format('%s %s %s', queue, lane, tag) FROM lectern.queue_clock ORDER BY queue, lane"
                )
            }
            try await fixture.database.execute(
                """
                INSERT INTO lectern.ready (queue, lane, tag, job_id)
                VALUES ('a', 10, 7, 1), ('a', 10, 5, 2), ('a', 20, 9, 3), ('b', 0, 4, 4), ('c', 10, 1, 5)
                """)
            try await upkeep.publishClock()
            #expect(try await read() == ["a 10 5", "a 20 9", "b 0 4", "c 10 1"])
            try await fixture.database.execute("DELETE FROM lectern.ready WHERE queue = 'b' OR tag = 5")
            try await upkeep.publishClock()
            #expect(try await read() == ["a 10 7", "a 20 9", "c 10 1"])
            try await fixture.database.execute("DELETE FROM lectern.ready")
            try await upkeep.publishClock()
            #expect(try await read().isEmpty)
        }
    }

    @Test func theClockOfALongQueueIsOneProbePerLane() async throws {
        try await withQueue { fixture in
            try await fixture.database.execute(
                """
                INSERT INTO lectern.ready (queue, lane, tag, job_id)
                SELECT 'q' || n % 3, 10, n, n FROM generate_series(1, 60000) n
                """)
            try await fixture.database.execute("ANALYZE lectern.ready")
            try await QueueUpkeep(database: fixture.database).publishClock()
            let rows = try await fixture.database.query(
                "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF, FORMAT JSON) SELECT lectern.publish_clock()")
            let plan: String = try rows[0].decode(0)
            let hits = plan.matches(of: /"Shared (?:Hit|Read) Blocks": (\d+)/).compactMap { Int($0.output.1) }
            #expect((hits.max() ?? .max) < 400, "\(plan)")
        }
    }
}
