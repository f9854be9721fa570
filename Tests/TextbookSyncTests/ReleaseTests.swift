import ContentTesting
import Foundation
import JobQueue
import JobQueuePostgres
import PipelineJobs
import Postgres
import Testing
import Textbook

@testable import TextbookSync

@Suite struct ReleaseTests {
    @Test func aRollbackShowsTheReleaseBeforeAtOnceAndItsAliasesFollow() async throws {
        try await ContentBench.with { bench in
            var fixture = BookFixture()
            let first = try await fixture.onDisk { try await bench.run($0) }
            let before = try await bench.signature()
            fixture.write("b", number: 2, slug: "better-name", text: "Quite another text.")
            fixture.write("new", chapter: 2, number: 3, text: "A new one.")
            let second = try await fixture.onDisk { try await bench.run($0) }
            let after = try await bench.signature()
            let lesson = try await bench.catalog.lesson("better-name").id

            let shown = try await bench.releases.rollBack()
            #expect((shown.id, shown.state) == (first.release, "published"))
            #expect(try await bench.signature() == before)
            #expect(try await bench.catalog.lesson("ch01-b").id == lesson)
            let error = await #expect(throws: CatalogError.self) { try await bench.catalog.lesson("better-name") }
            #expect(error?.slug == "ch01-b")
            try await bench.work()
            try await bench.expectConsistent()

            let again = try await bench.releases.rollBack(to: second.release)
            #expect(again.id == second.release)
            #expect(try await bench.signature() == after)
            try await bench.work()
            try await bench.expectConsistent()
        }
    }

    @Test func whatWasNeverCompleteOrIsShownAlreadyCannotBeShown() async throws {
        try await ContentBench.with { bench in
            let none = await #expect(throws: ReleaseError.self) { try await bench.releases.rollBack() }
            #expect(none?.code == .nothingPublished)
            let first = try await BookFixture().onDisk { try await bench.run($0) }
            for target in [nil, first.release, 99] {
                let error = await #expect(throws: ReleaseError.self) { try await bench.releases.rollBack(to: target) }
                #expect(error?.code == .notShowable)
            }
        }
    }

    @Test func twoLessonsMayChangeTheirSlugsAndChangeBack() async throws {
        try await ContentBench.with { bench in
            var fixture = BookFixture()
            try await fixture.onDisk { _ = try await bench.run($0) }
            fixture.write("b", number: 2, slug: "x", text: "Text b of the first edition.")
            try await fixture.onDisk { _ = try await bench.run($0) }
            // The freed slug goes to a lesson that is new.
            fixture.write("c", number: 3, slug: "ch01-b", text: "A third one.")
            try await fixture.onDisk { _ = try await bench.run($0) }
            let renamed = try await bench.catalog.lesson("x").id
            let new = try await bench.catalog.lesson("ch01-b").id
            #expect(renamed != new)
            for _ in 0..<2 { _ = try await bench.releases.rollBack() }
            #expect(try await bench.catalog.lesson("ch01-b").id == renamed)
            try await bench.work()
            try await bench.expectConsistent()
        }
    }

    @Test func theSameStateAskedForTwiceIsOneResync() async throws {
        try await ContentBench.with { bench in
            try await BookFixture().onDisk { root in
                let first = try await bench.start(root, revision: "abc") { $0.manifest = "m" }
                #expect(try await bench.start(root, revision: "abc") { $0.manifest = "m" } == first)
                try await bench.verdict(on: first)
                #expect(try await bench.start(root, revision: "abc") { $0.manifest = "m" } == first)
                #expect(try await bench.start(root, revision: "def") { $0.manifest = "m" } != first)
                #expect(try await bench.start(root, revision: "abc") { $0.manifest = "other" } != first)
            }
        }
    }

    @Test func aPlanSaysWhatItWouldDoAndDoesNothing() async throws {
        try await ContentBench.with { bench in
            var fixture = BookFixture()
            try await fixture.onDisk { _ = try await bench.run($0) }
            let before = try await bench.signature()
            let writes = bench.memory.writes
            fixture.write("b", number: 2, slug: "better-name", text: "Text b of the first edition.")
            fixture.write("a", number: 1, text: "Another.")
            try await fixture.onDisk { root in
                let id = try await bench.start(root) { $0.onlyPlan = true }
                try await bench.work()
                let status = try #require(try await bench.resyncs.status(of: id))
                #expect(status.state == .done && status.release == nil)
                let report = try #require(status.report)
                #expect(report.outcome == .planned)
                #expect(report.changes.map(\.kind.rawValue).sorted() == ["rename", "update"])
                #expect(report.changes.first { $0.kind == .rename }?.from == "ch01-b")
                #expect(try await bench.signature() == before && bench.memory.writes == writes)

                let other = await #expect(throws: ContentBench.Refused.self) {
                    try await bench.run(root) { $0.approvedPlan = String(repeating: "0", count: 64) }
                }
                #expect(other?.code == "plan_changed")
                try await bench.run(root) { $0.approvedPlan = report.planHash }
                #expect(try await bench.catalog.lesson("better-name").slug == "better-name")
            }
        }
    }

    @Test func manyDeletesNeedToBeAllowedByTheirNumber() async throws {
        try await ContentBench.with { bench in
            try await BookFixture(chapters: 2, lessons: 4).onDisk { _ = try await bench.run($0) }
            try await BookFixture(chapters: 1, lessons: 2).onDisk { root in
                let error = await #expect(throws: ContentBench.Refused.self) {
                    try await bench.run(root) { $0.maximumDeletes = 5 }
                }
                #expect(error?.code == "too_many_deletes")
                let allowed = try await bench.run(root) { $0.maximumDeletes = 6 }
                #expect(allowed.report.deleted == 6)
            }
            try await bench.expectConsistent()
        }
    }

    @Test func anOlderStateDoesNotTakeTheNewersPlaceUnlessItIsAllowedTo() async throws {
        try await ContentBench.with { bench in
            try await BookFixture(edition: "new").onDisk { _ = try await bench.run($0) { $0.committedAt = 2_000 } }
            try await BookFixture(edition: "old").onDisk { root in
                let error = await #expect(throws: ContentBench.Refused.self) {
                    try await bench.run(root) { $0.committedAt = 1_000 }
                }
                #expect(error?.code == "older_revision")
                try await bench.run(root) {
                    $0.committedAt = 1_000
                    $0.allowsOlder = true
                }
            }
        }
    }

    @Test func anotherModelIsStagedBesideThePresentOneAndShownWithItsRelease() async throws {
        try await ContentBench.with { bench in
            try await BookFixture().onDisk { root in
                let first = try await bench.run(root)
                var other = bench
                other.recipe = IndexRecipe(model: "other", dimension: 8, chunking: "1")
                let second = try await other.run(root)
                #expect(second.outcome == "published" && second.release != first.release)
                let recipes = try await bench.database.query("SELECT DISTINCT recipe FROM lectern.lesson_index")
                #expect(recipes.count == 2, "the earlier entries stay for a rollback")
                try await other.expectConsistent()
                _ = try await bench.releases.rollBack()
                try await bench.expectConsistent()
            }
        }
    }

    @Test func releasesBeyondTheLastFiveGoWithTheirTextsAndNothingElse() async throws {
        try await ContentBench.with { bench in
            for edition in 0..<9 {
                try await BookFixture(edition: "\(edition)").onDisk { _ = try await bench.run($0) }
            }
            let texts = bench.memory.keys.filter { $0.contains("/.objects/") }.count
            #expect(texts == 36)
            // Within the grace period nothing goes.
            try await bench.collect()
            #expect(bench.memory.keys.filter { $0.contains("/.objects/") }.count == 36)
            try await bench.database.execute("UPDATE lectern.release SET ended_at = ended_at - interval '2 hours'")
            bench.memory.set("books/other/.objects/x.md", [1])
            try await bench.collect()
            #expect(try await bench.number("SELECT count(*) FROM lectern.release") == 6)
            #expect(bench.memory.keys.filter { $0.hasPrefix("books/fixture/.objects/") }.count == 24)
            #expect(bench.memory.keys.contains("books/other/.objects/x.md"))
            for _ in 0..<5 {
                _ = try await bench.releases.rollBack()
                try await bench.work()
                try await bench.expectConsistent()
            }
        }
    }

    @Test func noPlanCountsOnTextsThatAreBeingRemoved() async throws {
        try await ContentBench.with { bench in
            try await BookFixture(edition: "a").onDisk { _ = try await bench.run($0) }
            try await BookFixture(edition: "b").onDisk { root in
                let handler = SyncBookHandler(
                    database: bench.database, bucket: bench.memory.bucket, recipe: bench.recipe)
                let plan = try await handler.perform(SyncBook(path: root), context: ContentBench.context(job: 1))
                try await bench.collect()
                let commit = try #require(plan.commit)
                let moved = await #expect(throws: JobError.self) {
                    try await bench.queue.withTransaction { try await commit($0) }
                }
                #expect(moved?.code == "release_moved")
                try await bench.database.execute("UPDATE lectern.book SET collecting_until = now() + interval '1 hour'")
                let busy = await #expect(throws: JobError.self) {
                    try await handler.perform(SyncBook(path: root), context: ContentBench.context(job: 1))
                }
                #expect(busy?.code == "collection_under_way")
            }
        }
    }

    @Test func aResyncWhoseLastStepDiesSaysSoAndGoesOnWhenThatIsRetried() async throws {
        try await ContentBench.with { bench in
            try await BookFixture().onDisk { root in
                bench.memory.interfere { call, key in
                    if call == .put, key.contains("/parts/") { throw outage }
                }
                let error = await #expect(throws: ContentBench.Refused.self) { try await bench.run(root) }
                #expect(error?.code == "storage_unreachable")
                let book = try await bench.catalog.book()
                #expect(book.lessons.count == 4, "readers see the release all the same")
                bench.memory.interfere(nil)
                let report = try await bench.run(root)
                #expect(report.outcome == "repaired")
            }
            try await bench.expectConsistent()
        }
    }
}
