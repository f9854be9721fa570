import JobQueue
import JobQueuePostgres
import Postgres
import PostgresTesting
import Synchronization
import Testing

/// What the duties of several leaders saw.
private final class Tenures: Sendable {
    private struct State {
        var holders: [Int64: Set<String>] = [:]
        var active: Set<String> = []
        var mostActive = 0
    }

    private let state = Mutex(State())

    var holders: [Int64: Set<String>] { self.state.withLock { $0.holders } }
    var active: Set<String> { self.state.withLock { $0.active } }
    /// The most holders whose duties ran at the same time.
    var mostActive: Int { self.state.withLock { $0.mostActive } }

    func enter(_ holder: String) {
        self.state.withLock {
            $0.active.insert(holder)
            $0.mostActive = max($0.mostActive, $0.active.count)
        }
    }

    func saw(_ holder: String, in term: Int64?) {
        guard let term else { return }
        self.state.withLock { _ = $0.holders[term, default: []].insert(holder) }
    }

    func leave(_ holder: String) { self.state.withLock { _ = $0.active.remove(holder) } }
}

@Suite struct LeaderTests {
    /// Short times, so that a test sees many terms; the margin is still long beside a busy machine's pauses.
    private static func configuration(lease: Duration, margin: Duration) -> LeaderConfiguration {
        var configuration = LeaderConfiguration()
        configuration.lease = lease
        configuration.margin = margin
        configuration.renewalInterval = .milliseconds(200)
        configuration.candidacyInterval = .milliseconds(50)
        return configuration
    }

    /// A leader whose only duty tells `tenures` that it runs until it is cancelled.
    private static func candidate(
        _ holder: String, _ database: PostgresClient, _ tenures: Tenures, lease: Duration = .seconds(3),
        margin: Duration = .seconds(1)
    ) -> Leader {
        let watch = Watch()
        let leader = Leader(
            database: database, holder: holder,
            duties: [
                LeaderDuty("watch", every: .seconds(60)) {
                    tenures.enter(holder)
                    defer { tenures.leave(holder) }
                    while true {
                        tenures.saw(holder, in: watch.leader?.term)
                        try await Task.sleep(for: .milliseconds(5))
                    }
                }
            ],
            configuration: Self.configuration(lease: lease, margin: margin), logger: QueueFixture.logger)
        watch.set(leader)
        return leader
    }

    /// The leader that a duty belongs to.
    private final class Watch: Sendable {
        /// The leader holds its duties, and they hold this.
        private struct Held {
            weak var leader: Leader?
        }

        private let held = Mutex(Held())
        var leader: Leader? { self.held.withLock { $0.leader } }
        func set(_ leader: Leader) { self.held.withLock { $0.leader = leader } }
    }

    private static func term(_ database: PostgresClient) async throws -> Int64 {
        try await database.queryOne("SELECT coalesce(max(term), 0) AS term FROM lectern.leader")?.decode("term") ?? 0
    }

    @Test(arguments: [false, true])
    func noTermBelongsToTwoHoldersHoweverOftenLeasesAreTakenAway(isPooled: Bool) async throws {
        try await withQueue { direct in
            if isPooled { try #require(TransactionPooler.isAvailable) }
            let pooler = isPooled ? try await TransactionPooler(inFrontOf: direct.url, serverConnections: 3) : nil
            let fixture = pooler.map { QueueFixture(url: $0.url) } ?? direct
            // What the row itself went through.
            try await direct.database.execute("CREATE TABLE granted (term bigint, holder text)")
            try await direct.database.execute(
                """
                CREATE FUNCTION record_grant() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                  IF TG_OP = 'INSERT' OR (new.term, new.holder) IS DISTINCT FROM (old.term, old.holder) THEN
                    INSERT INTO granted VALUES (new.term, new.holder);
                  END IF;
                  RETURN new;
                END $$
                """)
            try await direct.database.execute(
                """
                CREATE TRIGGER record_grant AFTER INSERT OR UPDATE ON lectern.leader
                FOR EACH ROW EXECUTE FUNCTION record_grant()
                """)
            let tenures = Tenures()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<4 {
                    let leader = Self.candidate("leader-\(number)", fixture.database, tenures)
                    group.addTask { try await leader.run() }
                }
                var last: Int64 = 0
                for _ in 0..<8 {
                    try await Deadline.poll("the duties of a new term") {
                        (tenures.holders.keys.max() ?? 0) > last
                    }
                    last = tenures.holders.keys.max() ?? 0
                    try await direct.database.execute(
                        "UPDATE lectern.leader SET until = now() - interval '1 second'")
                }
                group.cancelAll()
            }
            #expect(tenures.holders.count >= 8)
            #expect(tenures.holders.values.allSatisfy { $0.count == 1 }, "\(tenures.holders)")
            let grants = try await direct.count("granted")
            let row = try await direct.database.queryOne(
                "SELECT count(DISTINCT term) AS n, max(term) AS last FROM granted")
            #expect(try row?.decode("n", as: Int.self) == grants)
            #expect(try row?.decode("last", as: Int.self) == grants)
            #expect(tenures.active.isEmpty)
            if let pooler {
                await fixture.database.close()
                try await pooler.stop()
            }
        }
    }

    @Test func aLeaderThatCannotRenewStopsBeforeItsLeaseCanBeAnothers() async throws {
        try await withQueue { fixture in
            let tenures = Tenures()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for name in ["a", "b"] {
                    let leader = Self.candidate(
                        name, fixture.database, tenures, lease: .seconds(4), margin: .seconds(2))
                    group.addTask { try await leader.run() }
                }
                try await Deadline.poll("a leader") { !tenures.active.isEmpty }
                let first = try await Self.term(fixture.database)
                try await fixture.database.withTransaction { connection in
                    // Renewals wait for this row, as they would for a database that hangs.
                    _ = try await connection.query("SELECT FROM lectern.leader FOR UPDATE")
                    try await Deadline.poll("the duties to stop") { tenures.active.isEmpty }
                    let row = try await fixture.database.queryOne("SELECT until > now() AS held FROM lectern.leader")
                    #expect(try row?.decode("held", as: Bool.self) == true)
                }
                try await Deadline.poll("the next leader") { !tenures.active.isEmpty }
                #expect(try await Self.term(fixture.database) > first)
                group.cancelAll()
            }
            #expect(tenures.mostActive == 1)
        }
    }

    @Test func aLeaderThatEndsGivesItsOfficeToTheNextAtOnce() async throws {
        try await withQueue { fixture in
            let tenures = Tenures()
            try await withThrowingTaskGroup(of: Void.self) { group in
                let first = Self.candidate("a", fixture.database, tenures, lease: .seconds(600))
                group.addTask { try await first.run() }
                try await Deadline.poll("a leader") { tenures.active == ["a"] }
                group.cancelAll()
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                let second = Self.candidate("b", fixture.database, tenures, lease: .seconds(600))
                group.addTask { try await second.run() }
                try await Deadline.poll("the next leader") { tenures.active == ["b"] }
                group.cancelAll()
            }
            #expect(tenures.holders == [1: ["a"], 2: ["b"]])
        }
    }

    @Test func theLeaderOfTheQueueDoesEverythingThatIsDue() async throws {
        try await withQueue { fixture in
            _ = try await fixture.queue.enqueue(Probe(name: "waiting"))
            try await fixture.database.execute(
                "INSERT INTO lectern.cron (name, settled_at) VALUES ('yearly', now() - interval '2 years')")
            try await fixture.database.execute(
                "INSERT INTO lectern.idem VALUES ('s', 'k', 'f', 1, now() - interval '1 minute')")
            try await fixture.database.execute(
                "INSERT INTO lectern.done_default VALUES (now() - interval '40 days', 1, 'k', 'q', 'succeeded', 1, 0, 0)"
            )
            let leader = Leader(
                database: fixture.database, holder: "a",
                duties: LeaderDuty.all(
                    database: fixture.database, queue: fixture.queue,
                    timetable: [try CronEntry("yearly", cron: "@yearly", catchUp: .once)], logger: QueueFixture.logger),
                logger: QueueFixture.logger)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await leader.run() }
                try await Deadline.poll("all duties") {
                    let row = try await fixture.database.queryOne(
                        """
                        SELECT (SELECT count(*) FROM lectern.ready) = 2 AND EXISTS (SELECT FROM lectern.queue_clock)
                           AND NOT EXISTS (SELECT FROM lectern.idem) AND NOT EXISTS (SELECT FROM lectern.done) AS done
                        """)
                    return try row?.decode("done") ?? false
                }
                group.cancelAll()
            }
        }
    }
}
