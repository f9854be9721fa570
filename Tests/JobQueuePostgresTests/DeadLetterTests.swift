import JobQueue
import JobQueuePostgres
import Postgres
import Testing

@Suite struct DeadLetterTests {
    private static func letters(_ fixture: QueueFixture) -> DeadLetters {
        DeadLetters(database: fixture.database, queue: fixture.queue)
    }

    /// Stores a job and buries it.
    private static func bury(
        _ name: String, key: String? = nil, in fixture: QueueFixture, worker: WorkerID,
        _ configure: (inout EnqueueOptions) -> Void = { _ in }
    ) async throws -> JobID {
        let id = try await fixture.enqueue(name, key: key, configure).id
        #expect(try await fixture.run(.discard, worker: worker) == id)
        return id
    }

    @Test func pagesAreTheNewestFirstAndLeaveNothingOut() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            var buried: [JobID] = []
            for index in 0..<7 { buried.append(try await Self.bury("\(index)", in: fixture, worker: worker)) }
            // Several that died in the same instant are told apart by their ids.
            try await fixture.database.execute(
                "UPDATE lectern.dead SET died_at = date_trunc('day', now()) WHERE job_id < \(buried[4].rawValue)")
            let letters = Self.letters(fixture)
            var seen: [JobID] = []
            var cursor: DeadLetterCursor?
            repeat {
                let page = try await letters.page(limit: 2, after: cursor)
                seen += page.letters.map(\.id)
                #expect(page.letters.count == 2 || page.next == nil)
                // The cursor survives its way through a client.
                cursor = page.next.flatMap { DeadLetterCursor($0.description) }
            } while cursor != nil
            #expect(seen == buried.reversed())
            #expect(DeadLetterCursor("nonsense") == nil)
        }
    }

    @Test func pagesAreFilteredByQueueKindAndCode() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let id = try await Self.bury("a", in: fixture, worker: worker)
            let letters = Self.letters(fixture)
            for filter in [
                DeadLetterFilter(), .init(queue: "probes"), .init(kind: "probe"), .init(code: "c"),
                .init(queue: "probes", kind: "probe", code: "c"),
            ] { #expect(try await letters.page(filter).letters.map(\.id) == [id]) }
            for filter in [
                DeadLetterFilter(queue: "other"), .init(kind: "other"), .init(code: "other"),
                .init(queue: "probes", kind: "other"),
            ] { #expect(try await letters.page(filter).letters.isEmpty) }
        }
    }

    @Test func aLetterIsShownWithItsWholeBodyAndItsErrors() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let id = try await fixture.enqueue("a", key: "k") {
                $0.actor = "cli"
                $0.trace = "00-1-2-01"
                $0.lane = .bulk
            }.id
            try await fixture.run(.retry(after: .zero), worker: worker)
            try await fixture.run(.discard, worker: worker)
            let detail = try #require(try await Self.letters(fixture).detail(of: id))
            #expect(detail.arguments == #"{"key": "k", "name": "a"}"#)
            #expect(detail.letter.attempt == 2 && detail.letter.code == "c" && detail.letter.message == "m")
            #expect(detail.uniqueKey == "k" && detail.actor == "cli" && detail.trace == "00-1-2-01")
            #expect(detail.lane == .bulk && detail.maxAttempts == 3)
            #expect(detail.events.map(\.what) == ["retry", "discard"])
            #expect(detail.events.map(\.attempt) == [1, 2])
            #expect(try await Self.letters(fixture).detail(of: JobID(rawValue: 1)) == nil)
        }
    }

    @Test func aRedrivenJobHasAllItsAttemptsAgain() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let id = try await fixture.enqueue("a", key: "k").id
            for _ in 0..<3 { try await fixture.run(.retry(after: .zero), worker: worker) }
            #expect(try await fixture.state(of: id) == .dead)
            let letters = Self.letters(fixture)
            #expect(try await letters.redrive(id, actor: "test") == .redriven)
            #expect(try await letters.redrive(id, actor: "test") == .unknown)
            // Its key is its own again.
            #expect(try await fixture.enqueue("joins", key: "k") == EnqueuedJob(id: id, outcome: .joined))
            let run = try #require(try await fixture.claim(worker: worker).first)
            #expect(run.lease.jobID == id && run.attempt == 1 && run.maxAttempts == 3)
            #expect(try run.probe == Probe(name: "a", key: "k"))
            try await fixture.end(run, .retry(after: .zero))
            try await fixture.run(.retry(after: .zero), worker: worker)
            #expect(try await fixture.state(of: id) == .ready)
            try await fixture.run(worker: worker)
            #expect(try await fixture.state(of: id) == .succeeded)
            #expect(try await fixture.enqueue("next", key: "k").isNew)
            #expect(try await fixture.int("SELECT count(*) FROM lectern.event WHERE what = 'redriven'") == 1)
            #expect(try await fixture.isConsistent())
        }
    }

    @Test func aRedriveWorksAfterTheBodyIsGoneAndKeepsWhatTheJobAskedFor() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let batch = try await JobBatches(database: fixture.database, queue: fixture.queue).open("b")
            let id = try await Self.bury("a", key: "k", in: fixture, worker: worker) {
                $0.concurrency = .init(key: "one at a time", limit: 1)
                $0.budgets = ["money"]
                $0.costMicros = 7
                $0.fairness = .init(key: "user")
                $0.expiry = .seconds(3_600)
                $0.batch = batch
                $0.priority = 5
                $0.lineage = .init(key: "l", version: 4)
                $0.waiter = .init(name: "anna")
            }
            let columns: SQL = "to_jsonb(j) - 'flags'"
            let before = try await fixture.database.queryOne("SELECT \(sql: columns)::text FROM lectern.job j")
            try await fixture.database.execute("DELETE FROM lectern.job")
            #expect(try await Self.letters(fixture).redrive(id, actor: "test") == .redriven)
            let after = try await fixture.database.queryOne("SELECT \(sql: columns)::text FROM lectern.job j")
            #expect(try before?.decode(0, as: String.self) == after?.decode(0, as: String.self))
            #expect(try await fixture.state(of: id) == .ready)
            // The limit counts for it as before.
            let other = try await fixture.enqueue("b") { $0.concurrency = .init(key: "one at a time", limit: 1) }.id
            #expect(try await fixture.claim(worker: worker).map(\.lease.jobID) == [id])
            #expect(try await fixture.inspector.snapshot(of: other)?.gate == "key:one at a time")
            #expect(try await fixture.isConsistent())
        }
    }

    @Test func aRedrivenJobIsNotAbandonedByThoseWhoJoinIt() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let id = try await Self.bury("a", key: "k", in: fixture, worker: worker) { $0.waiter = .init(name: "anna") }
            #expect(try await Self.letters(fixture).redrive(id, actor: "test") == .redriven)
            #expect(try await fixture.enqueue("b", key: "k") { $0.waiter = .init(name: "bert") }.id == id)
            #expect(try await fixture.inspector.leave(id, waiter: "bert") == .left)
            #expect(try await fixture.state(of: id) == .ready)
        }
    }

    @Test func aLetterWhoseKeyIsTakenEndsAsSupersededAndItsDependentsFollow() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let dead = try await Self.bury("dead", key: "k", in: fixture, worker: worker)
            let child = try await fixture.enqueue("child") { $0.after = [dead] }.id
            let live = try await fixture.enqueue("live", key: "k") { $0.waiter = .init(name: "anna") }.id
            #expect(try await Self.letters(fixture).redrive(dead, actor: "test") == .joined)
            #expect(try await fixture.state(of: dead) == .superseded)
            #expect(try await fixture.state(of: child) == .blocked)
            // Whoever redrove the letter relies on the live job.
            #expect(try await fixture.inspector.leave(live, waiter: "anna") == .left)
            #expect(try await fixture.run(worker: worker) == live)
            #expect(try await fixture.run(worker: worker) == child)
            #expect(try await fixture.isConsistent())
        }
    }

    @Test func aLetterOfAnOlderVersionEndsAsSuperseded() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let dead = try await Self.bury("old", in: fixture, worker: worker) {
                $0.lineage = .init(key: "l", version: 1)
            }
            try await fixture.enqueue("new") { $0.lineage = .init(key: "l", version: 2) }
            #expect(try await Self.letters(fixture).redrive(dead, actor: "test") == .superseded)
            #expect(try await fixture.state(of: dead) == .superseded)
        }
    }

    @Test func aLetterWhoseTimeIsOverStays() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let dead = try await Self.bury("a", in: fixture, worker: worker) { $0.expiry = .seconds(60) }
            try await fixture.database.execute("UPDATE lectern.dead SET expires_at = now() - interval '1 second'")
            let letters = Self.letters(fixture)
            #expect(try await letters.redrive(dead, actor: "test") == .expired)
            #expect(try await letters.redrive(DeadLetterFilter(), limit: 10, actor: "test").total == 0)
            #expect(try await fixture.state(of: dead) == .dead)
        }
    }

    @Test func aRedriveByFilterTakesTheOldestUpToItsLimit() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            var buried: [JobID] = []
            for index in 0..<5 { buried.append(try await Self.bury("\(index)", in: fixture, worker: worker)) }
            let letters = Self.letters(fixture)
            let report = try await letters.redrive(.init(kind: "probe", code: "c"), limit: 3, actor: "test")
            #expect(report.redriven == 3 && report.total == 3)
            for id in buried.prefix(3) { #expect(try await fixture.state(of: id) == .ready) }
            for id in buried.suffix(2) { #expect(try await fixture.state(of: id) == .dead) }
            #expect(try await letters.redrive(.init(queue: "other"), limit: 3, actor: "test").total == 0)
            #expect(try await letters.redrive(.init(queue: "probes"), limit: 3, actor: "test").total == 2)
        }
    }

    @Test func twoLettersOfOneKeyMakeOneJob() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            for _ in 0..<2 { _ = try await Self.bury("a", key: "k", in: fixture, worker: worker) }
            let report = try await Self.letters(fixture).redrive(DeadLetterFilter(), limit: 10, actor: "test")
            #expect(report.redriven == 1 && report.joined == 1 && report.total == 2)
            #expect(try await fixture.isConsistent())
        }
    }

    @Test func redrivesAtOnceRunALetterOnce() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            for round in 0..<10 {
                let id = try await Self.bury("a", key: "k", in: fixture, worker: worker)
                let results = try await withThrowingTaskGroup(of: RedriveResult.self) { group in
                    for _ in 0..<4 {
                        group.addTask { try await Self.letters(fixture).redrive(id, actor: "test") }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(results.filter { $0 == .redriven }.count == 1, "round \(round)")
                #expect(results.filter { $0 == .unknown }.count == 3, "round \(round)")
                try await fixture.runAll(worker: worker)
            }
            #expect(try await fixture.isConsistent())
        }
    }

    @Test func aDiscardedLetterEndsAsCancelledWithItsReason() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let id = try await Self.bury("a", in: fixture, worker: worker)
            let letters = Self.letters(fixture)
            #expect(try await letters.discard(id, reason: "of no use", actor: "cli"))
            #expect(try await !letters.discard(id, reason: "of no use", actor: "cli"))
            let snapshot = try await fixture.inspector.snapshot(of: id)
            #expect(snapshot?.state == .cancelled && snapshot?.code == "discarded")
            let event = try await fixture.database.queryOne(
                "SELECT message, code FROM lectern.event WHERE what = 'discarded'")
            #expect(try event?.decode("message") == "of no use" && event?.decode("code") == "cli")
            #expect(try await fixture.isConsistent())
        }
    }
}
