import JobQueue
import JobQueuePostgres
import Postgres
import PostgresTesting
import Testing

extension QueueFixture {
    /// A partition of `table` for the day so many days ago.
    func makePartition(of table: String, daysAgo days: Int) async throws -> String {
        let row = try await self.database.queryOne(
            """
            SELECT \(table) || to_char(d.day, '_YYYYMMDD') AS name,
                   CASE \(table) WHEN 'job' THEN lectern.day_floor(d.day)::text ELSE d.day || ' 00:00+00' END AS low,
                   CASE \(table) WHEN 'job' THEN lectern.day_floor(d.day + 1)::text
                                 ELSE d.day + 1 || ' 00:00+00' END AS high
            FROM (SELECT (now() AT TIME ZONE 'UTC')::date - \(days)::int4 AS day) AS d
            """)
        let name: String = try row?.decode("name") ?? ""
        // A bound cannot be a parameter.
        try await self.database.execute(
            """
            DO $$ BEGIN EXECUTE format('CREATE TABLE lectern.%I PARTITION OF lectern.%I FOR VALUES FROM (%L) TO (%L)',
              '\(sql: SQL(stringLiteral: name))', '\(sql: SQL(stringLiteral: table))',
              '\(sql: SQL(stringLiteral: try row?.decode("low") ?? ""))',
              '\(sql: SQL(stringLiteral: try row?.decode("high") ?? ""))'); END $$
            """)
        return name
    }

    func hasTable(_ name: String) async throws -> Bool {
        try await self.database.queryOne("SELECT to_regclass('lectern.' || \(name)) IS NOT NULL AS x")?.decode("x")
            ?? false
    }

    /// Stores a body as it was stored so many days ago, without a place for it.
    func storeOldBody(_ name: String, daysAgo days: Int, number: Int64) async throws -> JobID {
        let row = try await self.database.queryOne(
            """
            INSERT INTO lectern.job (id, queue, kind, args, lane, max_attempts, timeout_ms)
            VALUES (lectern.day_floor((now() AT TIME ZONE 'UTC')::date - \(days)::int4) + \(number), 'probes', 'probe',
                    jsonb_build_object('name', \(name)::text), 10, 3, 30000)
            RETURNING id
            """)
        return JobID(rawValue: try row?.decode("id") ?? -1)
    }

    /// What the audit finds wrong.
    func violations() async throws -> [String] {
        try await QueueAudit(database: self.database).run().flatMap(\.violations)
    }
}

@Suite struct RetentionTests {
    private static func place(_ fixture: QueueFixture, _ id: JobID, in table: String) async throws {
        let job = id.rawValue
        switch table {
        case "ready":
            try await fixture.database.execute(
                "INSERT INTO lectern.ready (queue, lane, tag, job_id) VALUES ('probes', 10, \(job), \(job))")
        case "scheduled":
            try await fixture.database.execute(
                """
                INSERT INTO lectern.scheduled (run_at, job_id, queue, lane, why)
                VALUES (now() + interval '1 day', \(job), 'probes', 10, 'delayed')
                """)
        case "blocked":
            try await fixture.database.execute(
                """
                INSERT INTO lectern.blocked (job_id, queue, lane, tag, gate)
                VALUES (\(job), 'probes', 10, \(job), 'key:k')
                """)
        case "lease":
            try await fixture.database.execute(
                """
                INSERT INTO lectern.lease (job_id, token, worker, queue, kind, lane, tag, attempt, crashes, deadline)
                VALUES (\(job), 1, 1, 'probes', 'probe', 10, \(job), 1, 0, now() + interval '1 hour')
                """)
        default:
            try await fixture.database.execute(
                """
                INSERT INTO lectern.dead (job_id, died_at, queue, kind, args, lane, max_attempts, timeout_ms, attempt,
                                          crashes, code)
                SELECT id, lectern.job_time(id), queue, kind, args, lane, max_attempts, timeout_ms, 3, 0, 'failed'
                FROM lectern.job WHERE id = \(job)
                """)
        }
    }

    @Test func aJobThatStillWaitsKeepsItsBodyAndRuns() async throws {
        try await withQueue { fixture in
            let partition = try await fixture.makePartition(of: "job", daysAgo: 40)
            let over = try await fixture.storeOldBody("over", daysAgo: 40, number: 0)
            var living: [JobID] = []
            for (number, table) in ["ready", "scheduled", "blocked", "lease"].enumerated() {
                let id = try await fixture.storeOldBody(table, daysAgo: 40, number: Int64(number + 1))
                try await Self.place(fixture, id, in: table)
                living.append(id)
            }
            #expect(try await QueueUpkeep(database: fixture.database).dropOldPartitions() == [partition])
            #expect(try await !fixture.hasTable(partition))
            let kept = try await fixture.database.query("SELECT id FROM lectern.job ORDER BY id").map {
                JobID(rawValue: try $0.decode("id"))
            }
            #expect(kept == living)
            #expect(!kept.contains(over))
            let job = try await fixture.claim(worker: try await fixture.register())[0]
            #expect(job.lease.jobID == living[0])
            #expect(job.arguments.contains("ready"))
            #expect(
                try await fixture.store.end([JobEnding(job: job, action: .succeed(result: nil))]).accepted.count == 1)
            // A body that moved goes once its job is over.
            #expect(try await QueueUpkeep(database: fixture.database).sweepRetention() == 1)
            #expect(try await fixture.count("lectern.job") == 3)
            #expect(try await QueueUpkeep(database: fixture.database).sweepRetention() == 0)
        }
    }

    @Test func aDayWithTooManyLivingJobsWaits() async throws {
        try await withQueue { fixture in
            let busy = try await fixture.makePartition(of: "job", daysAgo: 41)
            let quiet = try await fixture.makePartition(of: "job", daysAgo: 40)
            for number in 0..<3 {
                let id = try await fixture.storeOldBody("\(number)", daysAgo: 41, number: Int64(number))
                try await Self.place(fixture, id, in: "ready")
            }
            let row = try await fixture.database.queryOne("SELECT lectern.drop_old_partition('job', 2) AS name")
            #expect(try row?.decode("name", as: String.self) == quiet)
            #expect(try await fixture.hasTable(busy))
        }
    }

    @Test func everyTableFollowsItsOwnRetention() async throws {
        try await withQueue { fixture in
            let upkeep = QueueUpkeep(database: fixture.database)
            try await fixture.database.execute("INSERT INTO lectern.retention (subject, keep_days) VALUES ('done', 7)")
            var names: [String: String] = [:]
            for table in ["job", "done", "event"] {
                names[table] = try await fixture.makePartition(of: table, daysAgo: 8)
                _ = try await fixture.makePartition(of: table, daysAgo: 7)
            }
            #expect(try await upkeep.dropOldPartitions() == [names["done"]])
            try await fixture.database.execute(
                "INSERT INTO lectern.retention (subject, keep_days) VALUES ('job', 7), ('event', 7)")
            #expect(try await upkeep.dropOldPartitions() == [names["event"], names["job"]])
            #expect(try await upkeep.dropOldPartitions().isEmpty)
        }
    }

    @Test func aTableInUseIsNotWaitedForLongAndDroppedLater() async throws {
        try await withQueue { fixture in
            let partition = try await fixture.makePartition(of: "job", daysAgo: 40)
            let upkeep = QueueUpkeep(database: fixture.database)
            try await fixture.database.withTransaction { reader in
                _ = try await reader.query("SELECT count(*) FROM lectern.job")
                let start = ContinuousClock.now
                let error = await #expect(throws: PostgresError.self) { try await upkeep.dropOldPartitions() }
                #expect(error?.isTransient == true)
                #expect(start.duration(to: .now) < .seconds(5))
                _ = try await fixture.queue.enqueue(Probe(name: "meanwhile"))
            }
            #expect(try await fixture.hasTable(partition))
            #expect(try await upkeep.dropOldPartitions() == [partition])
        }
    }

    @Test func aLetterThatIsRedrivenWhileItsPartitionGoesKeepsItsBody() async throws {
        try await withQueue { fixture in
            let partition = try await fixture.makePartition(of: "job", daysAgo: 40)
            let redriven = try await fixture.storeOldBody("redriven", daysAgo: 40, number: 1)
            let buried = try await fixture.storeOldBody("buried", daysAgo: 40, number: 2)
            for id in [redriven, buried] { try await Self.place(fixture, id, in: "dead") }
            // Patient enough for the test to step in between the search for living jobs and the lock.
            try await fixture.database.execute(
                "ALTER FUNCTION lectern.drop_old_partition(text, integer) SET lock_timeout = '20s'")
            try await withThrowingTaskGroup(of: [String].self) { group in
                try await fixture.database.withTransaction { connection in
                    _ = try await connection.query("SELECT FROM lectern.job LIMIT 1")
                    group.addTask { try await QueueUpkeep(database: fixture.database).dropOldPartitions() }
                    try await Deadline.poll("the drop to wait for its lock") {
                        // Tables of other tests' databases may have the same number.
                        let row = try await connection.queryOne(
                            """
                            SELECT count(*) AS n FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                            WHERE d.datname = current_database() AND l.relation = 'lectern.job'::regclass
                              AND NOT l.granted
                            """)
                        return try row?.decode("n", as: Int.self) == 1
                    }
                    try await connection.execute("DELETE FROM lectern.dead WHERE job_id = \(redriven.rawValue)")
                    try await connection.execute(
                        """
                        INSERT INTO lectern.ready (queue, lane, tag, job_id)
                        VALUES ('probes', 10, \(redriven.rawValue), \(redriven.rawValue))
                        """)
                }
                #expect(try await group.next() == [partition])
            }
            let job = try await fixture.claim(worker: try await fixture.register())
            #expect(job.map(\.lease.jobID) == [redriven])
            #expect(try await fixture.count("lectern.job") == 1)
            #expect(try await fixture.count("lectern.dead") == 1)
        }
    }

    @Test func aDeadLetterGoesAfterItsRetentionUnlessAJobNeedsIt() async throws {
        try await withQueue { fixture in
            var letters: [JobID] = []
            for (number, age) in [100, 100, 89].enumerated() {
                let id = try await fixture.storeOldBody("\(number)", daysAgo: age, number: Int64(number))
                try await Self.place(fixture, id, in: "dead")
                letters.append(id)
            }
            try await fixture.database.execute(
                "INSERT INTO lectern.dependency (needs, job_id) VALUES (\(letters[1].rawValue), 1)")
            #expect(try await QueueUpkeep(database: fixture.database).sweepRetention() == 1)
            let left = try await fixture.database.query("SELECT job_id FROM lectern.dead ORDER BY job_id").map {
                JobID(rawValue: try $0.decode("job_id"))
            }
            #expect(left == [letters[1], letters[2]])
            // The bodies of the letters that stay are left alone.
            #expect(try await fixture.count("lectern.job") == 2)
        }
    }

    @Test func theAuditFindsNothingWrongAfterEverythingOldIsGone() async throws {
        try await withQueue { fixture in
            _ = try await fixture.makePartition(of: "job", daysAgo: 100)
            _ = try await fixture.makePartition(of: "done", daysAgo: 100)
            let worker = try await fixture.register()
            for (number, table) in ["scheduled", "ready", "dead"].enumerated() {
                let id = try await fixture.storeOldBody(table, daysAgo: 100, number: Int64(number))
                try await Self.place(fixture, id, in: table)
            }
            let upkeep = QueueUpkeep(database: fixture.database)
            #expect(try await upkeep.dropOldPartitions().count == 2)
            let job = try await fixture.claim(worker: worker)[0]
            _ = try await fixture.store.end([JobEnding(job: job, action: .succeed(result: nil))])
            while try await upkeep.sweepRetention() > 0 {}
            #expect(try await fixture.violations() == [])
            #expect(try await fixture.count("lectern.job") == 1)
        }
    }
}
