import FoundationEssentials
import JobQueue
import JobQueuePostgres
import Learners
import Logging
import PipelineJobs
import Postgres
import Testing

@testable import Personalization

/// Sections are written once for all who do not differ in them.
struct SharingTests {
    /// Of the lesson of the fixtures.
    private static let sections = 4

    private func slice(_ text: String) throws -> ProfileSlice { try #require(ProfileSlice(text: text)) }

    @Test func whoAsksForWhatOthersHaveIsAnsweredAtOnceAndToldSo() async throws {
        try await ServiceFixture.with { fixture in
            let writer = ScriptedWriter()
            let fixture = try fixture.with(writer)
            try await fixture.withWorker(writer) {
                let first = try await fixture.learner(goals: [.hobby])
                let text = try #require(try await fixture.text(for: first))
                #expect(writer.keys.count == Self.sections)
                let second = try await fixture.learner(goals: [.research])
                let answer = try await fixture.service.request(userID: second, slug: ServiceFixture.slug)
                #expect(answer.text?.isShared == true)
                let other = try #require(try await fixture.content(answer))
                // The frame is each learner's own.
                #expect(other != text)
                #expect(writer.keys.count == Self.sections)
                let jobs = try await fixture.count("SELECT count(*) FROM lectern.job")
                #expect(jobs == 1)
                let poll = try await fixture.service.poll(userID: second, slug: ServiceFixture.slug)
                #expect(poll.text == answer.text)
            }
        }
    }

    @Test func manyLearnersAtOncePayOnceForEverySection() async throws {
        try await ServiceFixture.with { fixture in
            let writer = ScriptedWriter()
            let fixture = try fixture.with(writer)
            let slices = [
                try self.slice("language=en programming=novice robotics=no ai=no"),
                try self.slice("language=en programming=advanced robotics=no ai=no"),
                try self.slice("language=en programming=novice robotics=yes ai=yes"),
            ]
            var learners: [LearnerID] = []
            for index in 0..<24 {
                learners.append(
                    try await fixture.learner(
                        slices[index % 3], goals: [LearningGoal.allCases[index % LearningGoal.allCases.count]]))
            }
            try await fixture.withWorker(writer, slots: 3) {
                let texts = try await withThrowingTaskGroup(of: String?.self) { group in
                    for learner in learners { group.addTask { try await fixture.text(for: learner) } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(texts.allSatisfy { $0 != nil })
                #expect(Set(writer.keys).count == writer.keys.count, "no section is written twice")
                let plan = LessonPlan(Fixtures.lesson, glossary: fixture.parts.embedded.glossary)
                let needed = Set(slices.flatMap { plan.keys(for: $0, by: writer.recipe) })
                #expect(Set(writer.keys) == needed)
                #expect(needed.count < 3 * Self.sections, "some sections are the same for several slices")
                let jobs = try await fixture.count("SELECT count(*) FROM lectern.job")
                #expect(jobs <= 24)
                let pending = try await fixture.count(
                    "SELECT count(*) FROM lectern.personalized_lesson WHERE state <> 'ready'")
                #expect(pending == 0)
            }
        }
    }

    @Test func aRunThatIsRepeatedPaysOnlyForWhatWasNotWritten() async throws {
        try await ServiceFixture.with { fixture in
            let writer = ScriptedWriter(mode: .stopping(after: 2))
            let fixture = try fixture.with(writer)
            let learner = try await fixture.learner()
            let answer = try await fixture.service.request(userID: learner, slug: ServiceFixture.slug)
            let job = try #require(try await fixture.job())
            await #expect(throws: CancellationError.self) {
                _ = try await fixture.handler(writer).perform(job.arguments, context: job.context(attempt: 1))
            }
            #expect(writer.keys.count == 2)
            let kept = try await fixture.count("SELECT count(*) FROM lectern.generation")
            #expect(kept == 2)
            let claims = try await fixture.count("SELECT count(*) FROM lectern.generation_claim")
            #expect(claims == 0, "what was not written is free for others")
            writer.set(.working)
            _ = try await fixture.handler(writer).perform(job.arguments, context: job.context(attempt: 2))
            #expect(writer.keys.count == Self.sections)
            #expect(Set(writer.keys).count == Self.sections)
            let progress = try await fixture.service.progress(
                try #require(answer.operation?.id), of: learner, without: [0])
            #expect(progress.total == Self.sections)
            #expect(progress.finished == Set(0..<Self.sections))
            #expect(progress.sections.map(\.ordinal).sorted() == Array(1..<Self.sections))
        }
    }

    @Test func theClaimOfARunThatIsOverIsTakenOver() async throws {
        try await ServiceFixture.with { fixture in
            let writer = ScriptedWriter()
            let fixture = try fixture.with(writer)
            let store = GenerationStore(database: fixture.database)
            let plan = LessonPlan(Fixtures.lesson, glossary: fixture.parts.embedded.glossary)
            let keys = plan.keys(for: ProfileSlice.allCases[0], by: writer.recipe)
            let gone = try await store.claim(keys, run: .init(jobID: JobID(rawValue: 99), attempt: 1))
            #expect(gone == Set(keys))
            try await fixture.database.execute(
                """
                INSERT INTO lectern.lease (job_id, token, worker, queue, kind, lane, tag, attempt, crashes, deadline)
                VALUES (99, 1, 1, 'personalize', 'personalize_lesson', 0, 0, 1, 0, now() + interval '1 minute')
                """)
            let refused = try await store.claim(keys, run: .init(jobID: JobID(rawValue: 100), attempt: 1))
            #expect(refused.isEmpty, "a run that holds its lease keeps its claims")
            try await fixture.database.execute("UPDATE lectern.lease SET attempt = 2 WHERE job_id = 99")
            let taken = try await store.claim(keys, run: .init(jobID: JobID(rawValue: 100), attempt: 1))
            #expect(taken == Set(keys), "an earlier run of the job is over")
        }
    }

    @Test func aModelThatIsAwayIsWaitedForAndThenReplacedHonestly() async throws {
        try await ServiceFixture.with { fixture in
            let writer = ScriptedWriter(mode: .fallback("unreachable"))
            let fixture = try fixture.with(writer)
            let learner = try await fixture.learner()
            _ = try await fixture.service.request(userID: learner, slug: ServiceFixture.slug)
            let job = try #require(try await fixture.job())
            for attempt in 1...2 {
                let error = await #expect(throws: JobError.self) {
                    _ = try await fixture.handler(writer).perform(
                        job.arguments, context: job.context(attempt: attempt))
                }
                #expect(error?.code == "model_unavailable")
                let kept = try await fixture.count("SELECT count(*) FROM lectern.generation")
                #expect(kept == 0)
            }
            let outcome = try await fixture.handler(writer).perform(
                job.arguments, context: job.context(attempt: 3))
            #expect(outcome.result?.contains(#""fallbacks":\#(Self.sections)"#) == true)
            try await fixture.queue.withTransaction { try await outcome.commit?($0) }
            let answer = try await fixture.service.poll(userID: learner, slug: ServiceFixture.slug)
            #expect(answer.text?.generator == EmbeddedSectionWriter.name)
            // For a while others get the stand-in at once; then the model is asked again.
            let other = try await fixture.learner(goals: [.teaching])
            let shared = try await fixture.service.request(userID: other, slug: ServiceFixture.slug)
            #expect(shared.text?.generator == EmbeddedSectionWriter.name && shared.text?.isShared == true)
            writer.set(.working)
            try await fixture.database.execute("UPDATE lectern.stand_in SET until = now()")
            let third = try await fixture.learner(goals: [.research])
            let asked = try await fixture.service.request(userID: third, slug: ServiceFixture.slug)
            #expect(asked.operation != nil)
            let again = try #require(try await fixture.job())
            _ = try await fixture.handler(writer).perform(again.arguments, context: again.context(attempt: 1))
            #expect(writer.keys.count == Self.sections)
        }
    }

    @Test func aRefusalIsFinalAndReplacedAtOnce() async throws {
        try await ServiceFixture.with { fixture in
            let writer = ScriptedWriter(mode: .fallback("refused"))
            let fixture = try fixture.with(writer)
            try await fixture.withWorker(writer) {
                let learner = try await fixture.learner()
                let answer = try await fixture.service.request(userID: learner, slug: ServiceFixture.slug)
                let done = try await fixture.service.wait(for: answer, atMost: .seconds(20))
                #expect(done.text?.generator == EmbeddedSectionWriter.name)
            }
        }
    }

    @Test func textByAnotherRecipeIsAskedForAnew() async throws {
        try await ServiceFixture.with { fixture in
            let (old, new) = (ScriptedWriter(model: "old"), ScriptedWriter(model: "new"))
            let learner = try await fixture.learner()
            let before = try fixture.with(old)
            try await before.withWorker(old) {
                let text = try await before.text(for: learner)
                #expect(text != nil)
            }
            let after = try fixture.with(new)
            await #expect(throws: PersonalizationError.self) {
                _ = try await after.service.poll(userID: learner, slug: ServiceFixture.slug)
            }
            let answer = try await after.service.request(userID: learner, slug: ServiceFixture.slug)
            #expect(answer.operation?.state == .queued)
            try await after.withWorker(new) {
                let text = try await after.text(for: learner)
                #expect(text != nil)
            }
            #expect(new.keys.count == Self.sections)
        }
    }

    @Test func aCacheThatIsClearedWhileTheTextIsWrittenStaysEmpty() async throws {
        try await ServiceFixture.with { fixture in
            let writer = ScriptedWriter()
            let fixture = try fixture.with(writer)
            let learner = try await fixture.learner()
            let other = try await fixture.learner(goals: [.research])
            writer.shut()
            try await fixture.withWorker(writer) {
                let answer = try await fixture.service.request(userID: learner, slug: ServiceFixture.slug)
                let stays = try await fixture.service.request(userID: other, slug: ServiceFixture.slug)
                try await until { try await fixture.count("SELECT count(*) FROM lectern.generation_claim") > 0 }
                let cleared = try await fixture.service.clearCache(userID: learner)
                #expect(cleared == 1)
                writer.open()
                let done = try await fixture.service.wait(for: stays, atMost: .seconds(20))
                #expect(done.text != nil, "whoever else waits gets the text")
                let rows = try await fixture.count("SELECT count(*) FROM lectern.personalized_lesson")
                #expect(rows == 1)
                let id = try #require(answer.operation?.id)
                let state = try await fixture.service.operation(id, of: learner).state
                #expect(state == .cancelled)
                let progress = try await fixture.service.progress(id, of: learner)
                #expect(progress.sections.isEmpty)
            }
        }
    }

    @Test func whatNobodyWaitsForIsNotPaidFor() async throws {
        try await ServiceFixture.with { fixture in
            let writer = ScriptedWriter()
            let fixture = try fixture.with(writer)
            let learner = try await fixture.learner()
            _ = try await fixture.service.request(userID: learner, slug: ServiceFixture.slug)
            var change = ProfileChange()
            change.aiMLExperience = .advanced
            _ = try await fixture.learners.change(learner, change)
            let job = try #require(try await fixture.job())
            let outcome = try await fixture.handler(writer).perform(job.arguments, context: job.context(attempt: 1))
            #expect(outcome.result?.contains("withdrawn") == true)
            #expect(writer.keys.isEmpty)
        }
    }

    @Test func aFormerNameLeadsToTheLesson() async throws {
        try await ServiceFixture.with { fixture in
            try await fixture.database.execute(
                """
                INSERT INTO lectern.former_slug (book_id, slug, lesson_id)
                SELECT book_id, 'old-name', id FROM lectern.lesson
                """)
            let learner = try await fixture.learner()
            try await fixture.withWorker {
                let text = try #require(try await fixture.text(for: learner))
                let answer = try await fixture.service.poll(userID: learner, slug: "old-name")
                let content = try await fixture.content(answer)
                #expect(content == text)
            }
        }
    }

    @Test func whatAPublicationChangedIsWrittenAheadWithinTheBudget() async throws {
        try await ServiceFixture.with { fixture in
            let writer = ScriptedWriter()
            let fixture = try fixture.with(writer)
            _ = try await fixture.learner()
            let prewarmer = Prewarmer(
                database: fixture.database, queue: fixture.queue, parts: fixture.parts, bookSlug: nil)
            let release = try await fixture.database.query("SELECT max(id) AS id FROM lectern.release")[0]
                .decode("id", as: Int64.self)
            let first = try await prewarmer.forecast(.changes(release: release), budget: nil)
            #expect(first.steps.isEmpty, "a first release changes nothing")
            let all = try await prewarmer.forecast(.everything, budget: nil)
            #expect(all.sections == Self.sections && all.slices == 1 && all.tokens > 0)
            var tight = all
            tight.budget = all.tokens - 1
            #expect(tight.affordable.isEmpty)
            try await fixture.withWorker(writer) {
                _ = try await prewarmer.enqueue(all, actor: "test")
                try await until { try await fixture.count("SELECT count(*) FROM lectern.done") == 1 }
                let late = try await fixture.learner(goals: [.careerChange])
                let answer = try await fixture.service.request(userID: late, slug: ServiceFixture.slug)
                #expect(answer.text?.isShared == true)
            }
            let again = try await prewarmer.forecast(.everything, budget: nil)
            #expect(again.steps.isEmpty)
        }
    }

    @Test func theKeeperCountsPurgesAndCollects() async throws {
        try await ServiceFixture.with { fixture in
            let keeper = CacheKeeper(database: fixture.database)
            try await fixture.withWorker {
                let learner = try await fixture.learner()
                let text = try await fixture.text(for: learner)
                #expect(text != nil)
                try await fixture.service.file(
                    Feedback(rating: .down, reason: .tooHard), userID: learner, slug: ServiceFixture.slug)
                try await fixture.service.file(Feedback(rating: .up), userID: learner, slug: ServiceFixture.slug)
                let statistics = try await keeper.statistics()
                #expect(statistics.ready == 1 && statistics.sections == Self.sections)
                #expect(statistics.thumbsUp == 1 && statistics.thumbsDown == 0, "the last word counts")
                #expect(statistics.generators == [EmbeddedSectionWriter.name: Self.sections])
                try await fixture.database.execute(
                    "UPDATE lectern.generation SET last_used_at = now() - interval '60 days'")
                let none = try await keeper.collect()
                #expect(none.rows == 0 && none.sections == 0, "what a row points to stays")
                try await fixture.publish("00000000000000000000000000000001")
                try await fixture.database.execute("DELETE FROM lectern.release WHERE state = 'superseded'")
                try await fixture.database.execute(
                    "UPDATE lectern.personalized_lesson SET created_at = now() - interval '2 days'")
                let gone = try await keeper.collect()
                #expect(gone.rows == 1 && gone.sections == Self.sections)
            }
        }
    }
}

/// A job as it was stored, and what a run of it is told.
struct StoredJob: Sendable {
    var id: JobID
    var arguments: PersonalizeLesson

    func context(attempt: Int) -> JobContext {
        JobContext(
            jobID: self.id, kind: "personalize_lesson", attempt: attempt, maxAttempts: 8,
            deadline: ContinuousClock().now.advanced(by: .seconds(60)), trace: nil,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }
}

extension ServiceFixture {
    /// The job that was stored last.
    func job() async throws -> StoredJob? {
        try await self.database.queryOne(
            "SELECT id, args::text AS args FROM lectern.job WHERE kind = 'personalize_lesson' ORDER BY id DESC LIMIT 1"
        ).map { row in
            StoredJob(
                id: JobID(rawValue: try row.decode("id")),
                arguments: try JSONDecoder().decode(
                    PersonalizeLesson.self, from: Data(try row.decode("args", as: String.self).utf8)))
        }
    }
}
