import FoundationEssentials
import JobQueue
import JobQueuePostgres
import Postgres
import PostgresTesting
import Testing

extension CronEntry {
    init(
        _ name: String, cron: String, catchUp: CatchUpPolicy, isEnabled: Bool = true,
        probe: Probe = Probe(name: "fired")
    ) throws {
        self.init(
            name: name,
            schedule: CronSchedule(expression: try CronExpression(cron), timeZone: .utc, catchUp: catchUp),
            isEnabled: isEnabled, arguments: probe)
    }
}

@Suite struct CronServiceTests {
    private static func service(_ fixture: QueueFixture, _ entries: [CronEntry]) -> CronService {
        CronService(database: fixture.database, queue: fixture.queue, entries: entries, logger: QueueFixture.logger)
    }

    /// As if nobody had looked for five years.
    private static func forget(_ fixture: QueueFixture, _ name: String = "yearly") async throws {
        try await fixture.database.execute(
            """
            INSERT INTO lectern.cron (name, settled_at) VALUES (\(name), now() - interval '5 years')
            ON CONFLICT (name) DO UPDATE SET settled_at = excluded.settled_at
            """)
    }

    private static func isSettled(_ fixture: QueueFixture) async throws -> Bool {
        let row = try await fixture.database.queryOne(
            "SELECT bool_and(settled_at > now() - interval '367 days') AS settled FROM lectern.cron")
        return try row?.decode("settled") ?? false
    }

    @Test func severalLeadersAtOnceFireEveryInstantOnce() async throws {
        try await withQueue { fixture in
            let entry = try CronEntry("yearly", cron: "@yearly", catchUp: .all(limit: 100))
            try await Self.forget(fixture)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask { _ = try await Self.service(fixture, [entry]).fireDue() }
                }
                try await group.waitForAll()
            }
            #expect(try await fixture.count("lectern.ready") == 5)
            #expect(try await fixture.count("lectern.cron_fire") == 5)
            #expect(try await Self.isSettled(fixture))
        }
    }

    @Test(arguments: [(CatchUpPolicy.skip, 0), (.once, 1), (.all(limit: 3), 3)])
    func whatNobodyWasThereForIsMadeUpForAsTheEntrySays(policy: CatchUpPolicy, jobs: Int) async throws {
        try await withQueue { fixture in
            let service = Self.service(fixture, [try CronEntry("yearly", cron: "@yearly", catchUp: policy)])
            try await Self.forget(fixture)
            _ = try await service.fireDue()
            _ = try await service.fireDue()
            #expect(try await fixture.count("lectern.ready") == jobs)
            #expect(try await Self.isSettled(fixture))
        }
    }

    @Test func anInstantThatWasFiredIsNotFiredAgainWhenTheScheduleForgets() async throws {
        try await withQueue { fixture in
            let service = Self.service(fixture, [try CronEntry("yearly", cron: "@yearly", catchUp: .all(limit: 100))])
            try await Self.forget(fixture)
            _ = try await service.fireDue()
            try await Self.forget(fixture)
            _ = try await service.fireDue()
            #expect(try await fixture.count("lectern.ready") == 5)
            #expect(try await Self.isSettled(fixture))
        }
    }

    @Test func aCrashBetweenTheRecordAndTheJobLosesNeither() async throws {
        try await withQueue { fixture in
            let service = Self.service(fixture, [try CronEntry("yearly", cron: "@yearly", catchUp: .once)])
            try await Self.forget(fixture)
            // The server's process dies when the job is about to be stored; its firing stands in the table by then.
            try await fixture.database.execute(
                """
                CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                  PERFORM pg_terminate_backend(pg_backend_pid());
                  PERFORM pg_sleep(10);
                  RETURN new;
                END $$
                """)
            try await fixture.database.execute(
                "CREATE TRIGGER crash BEFORE INSERT ON lectern.ready FOR EACH ROW EXECUTE FUNCTION crash()")
            _ = try await service.fireDue()
            #expect(try await fixture.count("lectern.cron_fire") == 0)
            #expect(try await !Self.isSettled(fixture))
            try await fixture.database.execute("DROP TRIGGER crash ON lectern.ready")
            _ = try await service.fireDue()
            #expect(try await fixture.count("lectern.cron_fire") == 1)
            #expect(try await fixture.count("lectern.ready") == 1)
        }
    }

    @Test func anEntryThatCannotBeStoredKeepsNoOtherFromFiring() async throws {
        try await withQueue { fixture in
            let tooLarge = Probe(name: String(repeating: "x", count: PostgresJobQueue.maximumArgumentBytes))
            let service = Self.service(
                fixture,
                [
                    try CronEntry("a", cron: "@yearly", catchUp: .once, probe: tooLarge),
                    try CronEntry("b", cron: "@yearly", catchUp: .once),
                ])
            try await Self.forget(fixture, "a")
            try await Self.forget(fixture, "b")
            _ = try await service.fireDue()
            let row = try await fixture.database.queryOne("SELECT array_agg(name) AS names FROM lectern.cron_fire")
            #expect(try row?.decode("names", as: [String].self) == ["b"])
        }
    }

    @Test func anEntryThatIsNewFiresForNothingBeforeItCame() async throws {
        try await withQueue { fixture in
            let service = Self.service(
                fixture, [try CronEntry("minutely", cron: "* * * * *", catchUp: .all(limit: 100))])
            let pause = try await service.fireDue()
            #expect(try await fixture.count("lectern.ready") == 0)
            #expect(try await fixture.count("lectern.cron") == 1)
            #expect(pause <= CronService.longestPause && pause > .zero)
        }
    }

    @Test func whatFallsIntoATimeWhenAnEntryIsDisabledIsNotMadeUpFor() async throws {
        try await withQueue { fixture in
            try await Self.forget(fixture)
            _ = try await Self.service(
                fixture, [try CronEntry("yearly", cron: "@yearly", catchUp: .once, isEnabled: false)]
            ).fireDue()
            _ = try await Self.service(
                fixture, [try CronEntry("yearly", cron: "@yearly", catchUp: .once)]
            ).fireDue()
            #expect(try await fixture.count("lectern.ready") == 0)
        }
    }

    @Test func aFiringIsCorrectThroughATransactionPooler() async throws {
        try #require(TransactionPooler.isAvailable)
        try await withQueue { direct in
            let pooler = try await TransactionPooler(inFrontOf: direct.url, serverConnections: 2)
            let fixture = QueueFixture(url: pooler.url)
            let entry = try CronEntry("yearly", cron: "@yearly", catchUp: .all(limit: 100))
            try await Self.forget(fixture)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { _ = try await Self.service(fixture, [entry]).fireDue() } }
                try await group.waitForAll()
            }
            #expect(try await direct.count("lectern.ready") == 5)
            await fixture.database.close()
            try await pooler.stop()
        }
    }
}
