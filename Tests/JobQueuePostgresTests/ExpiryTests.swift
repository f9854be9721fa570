import JobQueue
import JobQueuePostgres
import Postgres
import Testing

@Suite struct ExpiryTests {
    /// Makes every expiry lie in the past.
    private static func pass(_ fixture: QueueFixture) async throws {
        try await fixture.database.execute(
            "UPDATE lectern.job SET expires_at = now() - interval '1 second' WHERE expires_at IS NOT NULL")
        try await fixture.database.execute("UPDATE lectern.expiry SET at = now() - interval '1 second'")
    }

    @Test func aJobThatCameTooLateIsNotClaimed() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let late = try await fixture.enqueue("late", key: "k") { $0.expiry = .seconds(60) }.id
            try await Self.pass(fixture)
            let fresh = try await fixture.enqueue("fresh") { $0.expiry = .seconds(60) }.id
            #expect(try await fixture.claim(worker: worker).map(\.lease.jobID) == [fresh])
            #expect(try await fixture.state(of: late) == .expired)
            #expect(try await fixture.enqueue("again", key: "k").isNew)
        }
    }

    @Test func theSweepEndsWhatNoClaimLooksAt() async throws {
        try await withQueue { fixture in
            let need = try await fixture.enqueue("needed") { $0.delay = .seconds(3_600) }.id
            let ready = try await fixture.enqueue("ready") { $0.expiry = .seconds(60) }.id
            let scheduled = try await fixture.enqueue("scheduled") {
                $0.expiry = .seconds(60)
                $0.delay = .seconds(3_600)
            }.id
            let blocked = try await fixture.enqueue("blocked") {
                $0.expiry = .seconds(60)
                $0.after = [need]
            }.id
            #expect(try await fixture.sweepExpired() == 0)
            try await Self.pass(fixture)
            #expect(try await fixture.sweepExpired(2) == 2)
            #expect(try await fixture.sweepExpired() == 1)
            for id in [ready, scheduled, blocked] { #expect(try await fixture.state(of: id) == .expired) }
            #expect(try await fixture.state(of: need) == .scheduled)
            #expect(try await fixture.count("lectern.expiry") == 0)
            #expect(try await fixture.count("lectern.dependency") == 0)
            #expect(try await fixture.isConsistent())
        }
    }

    @Test func aRunUnderWayGoesOnAndIsLookedAtAgain() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let job = try await fixture.enqueue("a") { $0.expiry = .seconds(60) }.id
            let run = try #require(try await fixture.claim(worker: worker).first)
            try await Self.pass(fixture)
            #expect(try await fixture.sweepExpired() == 0)
            #expect(try await fixture.state(of: job) == .running)
            #expect(try await fixture.int("SELECT count(*) FROM lectern.expiry WHERE at > now()") == 1)
            // It failed and would wait for its next run: that is too late now.
            #expect(try await fixture.end(run, .retry(after: .seconds(60))))
            try await Self.pass(fixture)
            #expect(try await fixture.sweepExpired() == 1)
            #expect(try await fixture.state(of: job) == .expired)
        }
    }

    @Test func whatEndedInTimeIsOnlyForgotten() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let job = try await fixture.enqueue("a") { $0.expiry = .seconds(60) }.id
            try await fixture.runAll(worker: worker)
            try await Self.pass(fixture)
            #expect(try await fixture.sweepExpired() == 0)
            #expect(try await fixture.state(of: job) == .succeeded)
            #expect(try await fixture.count("lectern.expiry") == 0)
        }
    }
}
