import JobQueue
import JobQueuePostgres
import Postgres
import Testing

@Suite struct IdempotencyTests {
    private static func key(_ fingerprint: String, scope: String = "api") -> IdempotencyKey {
        IdempotencyKey(scope: scope, key: "one", fingerprint: fingerprint, lifetime: .seconds(60))
    }

    @Test func aRepeatedRequestGetsTheFirstAnswerAlsoAfterTheEnd() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let first = try await fixture.enqueue("a") { $0.idempotency = Self.key("f") }
            #expect(first.outcome == .stored)
            let again = try await fixture.enqueue("a") { $0.idempotency = Self.key("f") }
            #expect(again == EnqueuedJob(id: first.id, outcome: .replayed))
            try await fixture.runAll(worker: worker)
            #expect(try await fixture.enqueue("a") { $0.idempotency = Self.key("f") }.id == first.id)
            #expect(try await fixture.enqueue("a") { $0.idempotency = Self.key("f", scope: "cli") }.isNew)
            #expect(try await fixture.count("lectern.job") == 2)
        }
    }

    @Test func theSameKeyForAnotherRequestIsAnError() async throws {
        try await withQueue { fixture in
            try await fixture.enqueue("a") { $0.idempotency = Self.key("f") }
            let error = await #expect(throws: EnqueueError.self) {
                try await fixture.enqueue("b") { $0.idempotency = Self.key("g") }
            }
            #expect(error?.code == .idempotencyMismatch)
            #expect(try await fixture.count("lectern.job") == 1)
        }
    }

    @Test func aKeyIsForgottenWhenItsTimeIsOver() async throws {
        try await withQueue { fixture in
            let first = try await fixture.enqueue("a") { $0.idempotency = Self.key("f") }
            try await fixture.database.execute("UPDATE lectern.idem SET expires_at = now() - interval '1 second'")
            let second = try await fixture.enqueue("b") { $0.idempotency = Self.key("g") }
            #expect(second.isNew && second.id != first.id)
            #expect(try await fixture.enqueue("b") { $0.idempotency = Self.key("g") }.id == second.id)
        }
    }

    @Test func ofManyAtOnceOneStoresTheJob() async throws {
        try await withQueue { fixture in
            let jobs = try await withThrowingTaskGroup(of: EnqueuedJob.self) { group in
                for index in 0..<24 {
                    group.addTask { try await fixture.enqueue("\(index)") { $0.idempotency = Self.key("f") } }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(jobs.map(\.id)).count == 1)
            #expect(jobs.filter(\.isNew).count == 1)
            #expect(jobs.filter { $0.outcome == .replayed }.count == 23)
            #expect(try await fixture.count("lectern.job") == 1)
        }
    }

    @Test func aRequestThatCameToNothingIsRememberedToo() async throws {
        try await withQueue { fixture in
            let newer = try await fixture.enqueue("new") { $0.lineage = .init(key: "l", version: 2) }
            let older = try await fixture.enqueue("old") {
                $0.lineage = .init(key: "l", version: 1)
                $0.idempotency = Self.key("f")
            }
            #expect(older == EnqueuedJob(id: newer.id, outcome: .superseded))
            let error = await #expect(throws: EnqueueError.self) {
                try await fixture.enqueue("other") { $0.idempotency = Self.key("g") }
            }
            #expect(error?.code == .idempotencyMismatch)
        }
    }
}
