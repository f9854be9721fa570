import JobQueue
import JobQueuePostgres
import Postgres
import Testing

@Suite struct FairnessTests {
    private static func store(
        _ count: Int, of user: String, step: Duration = .seconds(3_600), in fixture: QueueFixture
    ) async throws {
        var options = EnqueueOptions()
        options.fairness = .init(key: user, step: step)
        _ = try await fixture.queue.enqueue(all: (0..<count).map { _ in Probe(name: user) }, options: options)
    }

    @Test func tenThousandJobsOfOneDoNotDelayAnothersFirst() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            try await Self.store(10_000, of: "anna", step: .seconds(1), in: fixture)
            try await Self.store(1, of: "bert", step: .seconds(1), in: fixture)
            // Those of the first few seconds stood before it; the rest is behind it.
            let names = try await fixture.claim(100, worker: worker).names
            #expect(names.contains("bert"))
            #expect(names.last == "anna")
        }
    }

    @Test func twoWhoHaveMuchToDoTakeTurns() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            try await Self.store(10, of: "anna", in: fixture)
            try await Self.store(10, of: "bert", in: fixture)
            let names = try await fixture.claim(20, worker: worker).names
            #expect(names == (0..<20).map { $0.isMultiple(of: 2) ? "anna" : "bert" })
        }
    }

    @Test func aShorterStepIsALargerShare() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            try await Self.store(40, of: "anna", in: fixture)
            try await Self.store(40, of: "bert", step: .seconds(1_200), in: fixture)
            let names = try await fixture.claim(40, worker: worker).names
            #expect((9...11).contains(names.filter { $0 == "anna" }.count))
        }
    }

    @Test func aNewcomerHasNoCreditForTheTimeBeforeHeCame() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            try await Self.store(12, of: "anna", in: fixture)
            _ = try await fixture.claim(6, worker: worker)
            // The leader tells how far the lane has been served.
            try await fixture.database.execute(
                """
                INSERT INTO lectern.queue_clock (queue, lane, tag)
                SELECT queue, lane, min(tag) FROM lectern.ready GROUP BY queue, lane
                """)
            try await Self.store(6, of: "bert", in: fixture)
            let names = try await fixture.claim(12, worker: worker).names
            #expect(names == (0..<12).map { $0.isMultiple(of: 2) ? "anna" : "bert" })
        }
    }

    @Test func whoeverPausedHasNoDebtForWhatWasServed() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            try await Self.store(3, of: "anna", step: .milliseconds(1), in: fixture)
            #expect(try await fixture.claim(3, worker: worker).count == 3)
            // His work reached three milliseconds into the future; that is over.
            try await fixture.enqueue("plain")
            try await fixture.database.execute("SELECT pg_sleep(0.02)")
            try await Self.store(1, of: "anna", step: .milliseconds(1), in: fixture)
            try await fixture.enqueue("plain")
            #expect(try await fixture.claim(3, worker: worker).names == ["plain", "anna", "plain"])
        }
    }
}
