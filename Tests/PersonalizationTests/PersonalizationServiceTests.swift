import FoundationEssentials
import JobQueue
import JobQueuePostgres
import Learners
import PipelineJobs
import Postgres
import Testing

@testable import Personalization

struct PersonalizationServiceTests {
    private func code(_ body: () async throws -> Void) async -> PersonalizationError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? PersonalizationError)?.code
        }
    }

    @Test func aMissIsWrittenByAWorkerAndHitAfterwards() async throws {
        try await ServiceFixture.with { fixture in
            let learner = try await fixture.learner()
            try await fixture.withWorker {
                let first = try await fixture.service.request(userID: learner, slug: ServiceFixture.slug)
                guard case .pending(let operation, _, true) = first else {
                    Issue.record("expected a new pending row, got \(first)")
                    return
                }
                let done = try await fixture.service.wait(for: first, atMost: .seconds(20))
                #expect(done.text?.generator == "embedded/rules-v2")
                let content = try #require(try await fixture.content(done))
                #expect(content.hasPrefix("# Sensors and Balance {#top}"))
                let state = try await fixture.service.operation(operation.id, of: learner).state
                #expect(state == .succeeded)
                let again = try await fixture.service.request(userID: learner, slug: ServiceFixture.slug)
                #expect(again.text == done.text)
                let poll = try await fixture.service.poll(userID: learner, slug: ServiceFixture.slug)
                #expect(poll.text == done.text)
                let jobs = try await fixture.count("SELECT count(*) FROM lectern.job")
                #expect(jobs == 1)
            }
        }
    }

    @Test func fiftyRequestsAtOnceMakeOneJob() async throws {
        try await ServiceFixture.with { fixture in
            let learner = try await fixture.learner()
            let answers = try await withThrowingTaskGroup(of: PersonalizationAnswer.self) { group in
                for _ in 0..<50 {
                    group.addTask { try await fixture.service.request(userID: learner, slug: ServiceFixture.slug) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count == 50)
            #expect(Set(answers.compactMap(\.operation?.id)).count == 1)
            let new = answers.count { if case .pending(_, _, true) = $0 { true } else { false } }
            #expect(new == 1)
            let jobs = try await fixture.count("SELECT count(*) FROM lectern.job")
            let rows = try await fixture.count("SELECT count(*) FROM lectern.personalized_lesson")
            let operations = try await fixture.count("SELECT count(*) FROM lectern.operation")
            #expect([jobs, rows, operations] == [1, 1, 1])
        }
    }

    @Test func whatCannotBeServedIsSaidPrecisely() async throws {
        try await ServiceFixture.with { fixture in
            let service = fixture.service
            let learner = try await fixture.learner()
            var random = SystemRandomNumberGenerator()
            let stranger = LearnerID.random(using: &random)
            let newcomer = LearnerID.random(using: &random)
            _ = try await fixture.learners.create(newcomer)
            let slug = ServiceFixture.slug
            #expect(await self.code { _ = try await service.request(userID: stranger, slug: slug) } == .unknownUser)
            #expect(await self.code { _ = try await service.poll(userID: stranger, slug: slug) } == .unknownUser)
            #expect(await self.code { _ = try await service.clearCache(userID: stranger) } == .unknownUser)
            #expect(await self.code { _ = try await service.request(userID: newcomer, slug: slug) } == .notOnboarded)
            for odd in ["nope", "", "a\u{0}b", "../../etc", String(repeating: "x", count: 10_000)] {
                #expect(await self.code { _ = try await service.request(userID: learner, slug: odd) } == .unknownLesson)
            }
            #expect(
                await self.code {
                    _ = try await service.request(userID: learner, slug: slug, originalContent: "other")
                } == .contentMismatch)
            let huge = String(repeating: "x", count: 1_100_000)
            #expect(
                await self.code {
                    _ = try await service.request(userID: learner, slug: slug, originalContent: huge)
                } == .contentTooLarge)
            #expect(await self.code { _ = try await service.poll(userID: learner, slug: slug) } == .notRequested)
            let jobs = try await fixture.count("SELECT count(*) FROM lectern.job")
            #expect(jobs == 0)
            let same = try await service.request(userID: learner, slug: slug, originalContent: ServiceFixture.text)
            #expect(same.operation?.state == .queued)
        }
    }

    @Test func anotherLearnerSeesNothing() async throws {
        try await ServiceFixture.with { fixture in
            let owner = try await fixture.learner()
            let other = try await fixture.learner()
            let answer = try await fixture.service.request(userID: owner, slug: ServiceFixture.slug)
            let id = try #require(answer.operation?.id)
            #expect(await self.code { _ = try await fixture.service.operation(id, of: other) } == .unknownOperation)
            #expect(await self.code { _ = try await fixture.service.cancel(id, of: other) } == .unknownOperation)
            #expect(
                await self.code { _ = try await fixture.service.poll(userID: other, slug: ServiceFixture.slug) }
                    == .notRequested)
            let deleted = try await fixture.service.clearCache(userID: other)
            #expect(deleted == 0)
            let mine = try await fixture.service.operation(id, of: owner)
            #expect(mine.state == .queued)
            #expect(mine.position == 0)
        }
    }

    @Test func changedAnswersMakeOldTextsUnreachableAndDeleteThem() async throws {
        try await ServiceFixture.with { fixture in
            let learner = try await fixture.learner()
            try await fixture.withWorker {
                let first = try await fixture.service.request(userID: learner, slug: ServiceFixture.slug)
                let done = try await fixture.service.wait(for: first, atMost: .seconds(20))
                let before = try #require(try await fixture.content(done))
                var change = ProfileChange()
                change.roboticsBackground = true
                _ = try await fixture.learners.change(learner, change)
                let rows = try await fixture.count("SELECT count(*) FROM lectern.personalized_lesson")
                #expect(rows == 0)
                #expect(
                    await self.code { _ = try await fixture.service.poll(userID: learner, slug: ServiceFixture.slug) }
                        == .notRequested)
                let next = try await fixture.service.request(userID: learner, slug: ServiceFixture.slug)
                let other = try await fixture.service.wait(for: next, atMost: .seconds(20))
                let after = try #require(try await fixture.content(other))
                #expect(after != before)
            }
        }
    }

    @Test func aClearedRowStaysGoneWhenItsJobFinishes() async throws {
        try await ServiceFixture.with { fixture in
            let learner = try await fixture.learner()
            let answer = try await fixture.service.request(userID: learner, slug: ServiceFixture.slug)
            let operation = try #require(answer.operation)
            let reads = fixture.bodies.callCount
            let deleted = try await fixture.service.clearCache(userID: learner)
            #expect(deleted == 1)
            let state = try await fixture.service.operation(operation.id, of: learner).state
            #expect(state == .cancelled)
            // Nobody else waited for the job.
            let waiting = try await fixture.count("SELECT count(*) FROM lectern.ready")
            #expect(waiting == 0)
            let left = try await fixture.count("SELECT count(*) FROM lectern.personalized_lesson")
            #expect(left == 0)
            #expect(fixture.bodies.callCount == reads)
        }
    }

    @Test func anEditedLessonIsAnotherKey() async throws {
        try await ServiceFixture.with { fixture in
            let learner = try await fixture.learner()
            let before = try await fixture.service.request(userID: learner, slug: ServiceFixture.slug)
            try await fixture.publish("00000000000000000000000000000001")
            #expect(
                await self.code { _ = try await fixture.service.poll(userID: learner, slug: ServiceFixture.slug) }
                    == .notRequested)
            let after = try await fixture.service.request(userID: learner, slug: ServiceFixture.slug)
            #expect(before.operation?.id != after.operation?.id)
            let jobs = try await fixture.count("SELECT count(*) FROM lectern.job")
            #expect(jobs == 2)
        }
    }

    @Test func aFailedLessonSaysWhyAndCanBeAskedForAgain() async throws {
        try await ServiceFixture.with { fixture in
            let learner = try await fixture.learner()
            fixture.bodies.fail(with: .permanent("corrupt", "The text is not the published one."))
            try await fixture.withWorker {
                let first = try await fixture.service.request(userID: learner, slug: ServiceFixture.slug)
                let failed = try await fixture.service.wait(for: first, atMost: .seconds(20))
                #expect(failed.failure?.code == "corrupt")
                #expect(failed.failure?.isRetryable == false)
                let poll = try await fixture.service.poll(userID: learner, slug: ServiceFixture.slug)
                #expect(poll.failure == failed.failure)
                let id = try #require(first.operation?.id)
                let state = try await fixture.service.operation(id, of: learner).state
                #expect(state == .failed)
                fixture.bodies.fail(with: nil)
                let again = try await fixture.service.request(userID: learner, slug: ServiceFixture.slug)
                #expect(again.operation?.id != id)
                let done = try await fixture.service.wait(for: again, atMost: .seconds(20))
                #expect(done.text != nil)
            }
        }
    }

    @Test func aJobThatDiedWithoutAWordIsAFailureAndCanBeAskedForAgain() async throws {
        try await ServiceFixture.with { fixture in
            let learner = try await fixture.learner()
            let first = try await fixture.service.request(userID: learner, slug: ServiceFixture.slug)
            // What a rescue leaves of a job that killed its worker twice: a dead letter and no flight.
            try await fixture.database.execute("DELETE FROM lectern.ready")
            try await fixture.database.execute("DELETE FROM lectern.flight")
            let poll = try await fixture.service.poll(userID: learner, slug: ServiceFixture.slug)
            #expect(poll.failure?.code == "lost")
            #expect(poll.failure?.isRetryable == true)
            let again = try await fixture.service.request(userID: learner, slug: ServiceFixture.slug)
            #expect(again.operation?.state == .queued)
            #expect(again.operation?.id != first.operation?.id)
        }
    }

    @Test func aWithdrawnOperationNeverRuns() async throws {
        try await ServiceFixture.with { fixture in
            let learner = try await fixture.learner()
            let answer = try await fixture.service.request(userID: learner, slug: ServiceFixture.slug)
            let id = try #require(answer.operation?.id)
            let isCancelled = try await fixture.service.cancel(id, of: learner)
            #expect(isCancelled)
            let state = try await fixture.service.operation(id, of: learner).state
            #expect(state == .cancelled)
            let waiting = try await fixture.count("SELECT count(*) FROM lectern.ready")
            #expect(waiting == 0)
        }
    }

    @Test func waitingEndsWithItsTimeAndGivesTheSameAnswer() async throws {
        try await ServiceFixture.with { fixture in
            let learner = try await fixture.learner()
            let answer = try await fixture.service.request(userID: learner, slug: ServiceFixture.slug)
            let clock = ContinuousClock()
            let start = clock.now
            let after = try await fixture.service.wait(for: answer, atMost: .milliseconds(300))
            #expect(after == answer)
            #expect(start.duration(to: clock.now) < .seconds(5))
        }
    }
}

/// Looks until the condition holds; fails after 20 seconds.
func until(_ condition: () async throws -> Bool) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now.advanced(by: .seconds(20))
    while try await !condition() {
        guard clock.now < deadline else {
            Issue.record("the condition did not come true in time")
            return
        }
        try await Task.sleep(for: .milliseconds(20), clock: clock)
    }
}
