import ContentTesting
import Foundation
import JobQueue
import JobQueuePostgres
import LanguageModels
import MCP
import PipelineJobs
import Postgres
import Synchronization
import Testing
import TextbookSync

@testable import SemanticIndex

@Suite struct StoreIndexingTests {
    @Test func everyChunkOfALessonGetsAVectorWithItsMetadata() async throws {
        try await StoreBench.with { bench in
            try await bench.publishUnindexed(.topics())
            let report = try await bench.embed(try await bench.job("ch01-b"))
            let lesson = try await bench.content.catalog.lesson("ch01-b")
            #expect(report.outcome == "indexed")
            #expect(report.chunks > 0)
            #expect(lesson.vectorIDs.count == report.chunks)
            #expect(Set(lesson.vectorIDs) == Set(bench.vectors.records.keys))
            let id = try #require(lesson.vectorIDs.first)
            let record = try #require(bench.vectors.records[id])
            #expect(
                Set(record.metadata.keys) == [
                    "lesson_id", "lesson_slug", "lesson_type", "chapter_id", "part_id", "book_slug", "chunk_index",
                    "section_title", "content_hash", "model",
                ])
            #expect(record.metadata["chapter_id"] == "ch01")
            #expect(record.metadata["part_id"] == "part01")
            #expect(record.metadata["chunk_index"] == 0)
            #expect(record.metadata["content_hash"] == .string(lesson.contentHash))
            #expect(record.text?.contains("motor") == true)
        }
    }

    @Test func aJobThatRunsTwiceEmbedsOnceAndStandsOnce() async throws {
        try await StoreBench.with { bench in
            try await bench.publishUnindexed(.topics())
            let job = try await bench.job("ch01-a")
            let first = try await bench.embed(job)
            let vectors = bench.vectors.records
            let second = try await bench.embed(job)
            #expect((first.embedded, second.embedded) == (first.chunks, 0))
            #expect(bench.vectors.records == vectors)
            let rows = try await bench.content.number("SELECT count(*) FROM lectern.chunk")
            #expect(rows == first.chunks)
        }
    }

    @Test func anEditEmbedsOnlyTheChunksItChanged() async throws {
        try await StoreBench.with { bench in
            let long = (1...40).map { "Sentence number \($0) of a long section about servo motors." }
                .joined(separator: " ")
            var fixture = BookFixture(chapters: 1, lessons: 1)
            func text(_ last: String) -> String {
                "Intro.\n\n## One\n\n\(long)\n\n## Two\n\n\(long)\n\n## Three\n\n\(last)"
            }
            fixture.write("a", number: 1, text: text("The first edition."))
            try await bench.publishUnindexed(fixture)
            let first = try await bench.embed(try await bench.job("ch01-a"))
            #expect(first.chunks >= 3)
            fixture.write("a", number: 1, text: text("The second edition."))
            try await bench.publishUnindexed(fixture)
            let second = try await bench.embed(try await bench.job("ch01-a"))
            #expect(second.embedded == 1)
            #expect(second.chunks == first.chunks)
        }
    }

    @Test func aTextThatIsNoLongerPublishedIsLeftAlone() async throws {
        try await StoreBench.with { bench in
            try await bench.publishUnindexed(.topics())
            let job = try await bench.job("ch01-a")
            var fixture = BookFixture.topics()
            fixture.write("a", chapter: 1, number: 1, text: "Something else.")
            try await bench.publishUnindexed(fixture)
            #expect(try await bench.embed(job).outcome == "superseded")
            #expect(bench.vectors.records.isEmpty)
            let stranger = EmbedLesson(
                lessonID: UUID().uuidString, contentHash: job.contentHash, releaseID: 1)
            #expect(try await bench.embed(stranger).outcome == "superseded")
            let error = await #expect(throws: JobError.self) {
                try await bench.embed(EmbedLesson(lessonID: "'; --", contentHash: "x", releaseID: 1))
            }
            #expect(error?.disposition == .permanent)
        }
    }

    @Test func whatIsStagedChangesNothingForReadersOfThePresentRelease() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            let before = try await bench.content.catalog.lesson("ch01-a")
            let metadata = before.vectorIDs.map { bench.vectors.records[$0]?.metadata }
            var fixture = BookFixture.topics()
            fixture.files["book.yaml"] = fixture.files["book.yaml"]?.replacing("Chapter 1", with: "Chapter One")
            fixture.write("a", chapter: 2, number: 1, text: "Something else.")
            // All of it is indexed, and the worker that would publish it dies.
            var content = bench.content
            content.indexing = { job in try await bench.handler.perform(job, context: ContentBench.context()) }
            try await fixture.onDisk { root in
                let id = try await content.start(root)
                try await bench.content.database.execute(
                    "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'stopped'; END $$")
                try await bench.content.database.execute(
                    """
                    CREATE TRIGGER stop BEFORE UPDATE OF active_release ON lectern.book FOR EACH ROW
                    EXECUTE FUNCTION stop()
                    """)
                await #expect(throws: PostgresError.self) { try await content.work() }
                #expect(try await content.resyncs.status(of: id)?.state == .indexing)
                #expect(try await bench.content.catalog.lesson("ch01-a") == before)
                #expect(before.vectorIDs.map { bench.vectors.records[$0]?.metadata } == metadata)
                let answer = try await bench.search.search("battery hours")
                #expect(answer.results.first?.lessonSlug == "ch02-a")
                #expect(!answer.indexing)
                try await bench.content.database.execute("DROP TRIGGER stop ON lectern.book")
                try await content.verdict(on: id)
            }
            let after = try await bench.search.search("battery hours")
            #expect(after.results.allSatisfy { !$0.text.contains("lithium") })
            #expect(try await bench.audit.run().isComplete)
        }
    }

    @Test func vectorsOfTextsThatNoReleaseHoldsAreRemovedAndNoOthers() async throws {
        try await StoreBench.with { bench in
            let collector = CollectVectorsHandler(
                database: bench.content.database, queue: bench.content.queue, vectors: bench.vectors.index,
                recipe: bench.recipe)
            func collect() async throws { _ = try await collector.perform(.init(), context: ContentBench.context()) }
            try await bench.publish(.topics())
            let first = Set(bench.vectors.records.keys)
            var fixture = BookFixture.topics()
            fixture.write("a", chapter: 1, number: 1, text: "A camera sees colours.")
            try await bench.publish(fixture)
            let both = Set(bench.vectors.records.keys)
            try await collect()
            #expect(Set(bench.vectors.records.keys) == both, "a rollback may need them")
            try await bench.content.database.execute("DELETE FROM lectern.release WHERE state = 'superseded'")
            bench.vectors.interfere { call in if call == .delete { throw Away.vectors } }
            await #expect(throws: JobError.self) { try await collect() }
            bench.vectors.interfere(nil)
            try await collect()
            let left = Set(bench.vectors.records.keys)
            #expect(left.isSubset(of: both) && !first.isSubset(of: left))
            #expect(try await bench.audit.run().isComplete)
            let entries = try await bench.content.number("SELECT count(*) FROM lectern.lesson_index")
            #expect(entries == 3)
        }
    }

    @Test func outagesAreRetriedAndEmbeddedTextsAreNotEmbeddedAgain() async throws {
        try await StoreBench.with { bench in
            try await bench.publishUnindexed(.topics())
            let job = try await bench.job("ch01-a")
            bench.model.fail(Away.model)
            let model = await #expect(throws: JobError.self) { try await bench.embed(job) }
            #expect((model?.code, model?.disposition) == ("embedding_failed", .retry(after: nil)))
            bench.model.fail(
                LanguageModelError(
                    code: .rateLimited(retryAfter: .seconds(7)), message: "slow", isTransient: true,
                    retryAfter: .seconds(7)))
            let limited = await #expect(throws: JobError.self) { try await bench.embed(job) }
            #expect(limited?.disposition == .retry(after: .seconds(7)))
            bench.model.fail(nil)

            bench.vectors.interfere { _ in throw Away.vectors }
            let vectors = await #expect(throws: JobError.self) { try await bench.embed(job) }
            #expect((vectors?.code, vectors?.disposition) == ("vectors_unreachable", .retry(after: nil)))
            bench.vectors.interfere(nil)
            #expect(try await bench.content.number("SELECT count(*) FROM lectern.chunk") == 0)

            bench.content.memory.interfere { _, _ in throw Away.vectors }
            let embedded = bench.model.texts.count
            #expect(try await bench.embed(job).embedded == 0, "the body is still kept, the vectors too")
            #expect(bench.model.texts.count == embedded)
            let storage = await #expect(throws: JobError.self) { try await bench.embed(try await bench.job("ch01-b")) }
            #expect((storage?.code, storage?.disposition) == ("storage_unreachable", .retry(after: nil)))
        }
    }

    @Test func aLessonWithoutTextIsIndexedWithNothing() async throws {
        try await StoreBench.with { bench in
            var fixture = BookFixture.topics()
            fixture.files[BookFixture.path("b", chapter: 1, number: 2)] = "---\ntitle: Empty\nslug: empty\n---\n"
            try await bench.publish(fixture)
            try await bench.embedAll()
            let report = try await bench.audit.run()
            #expect(report.isComplete, "\(report)")
        }
    }

    @Test func aRenamedChapterRelabelsItsVectors() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            var fixture = BookFixture.topics()
            fixture.files["book.yaml"] = fixture.files["book.yaml"]?.replacing("Chapter 2", with: "Energy")
            try await bench.publish(fixture)
            let entries = try await bench.content.number("SELECT count(*) FROM lectern.lesson_index")
            #expect(entries == 4, "only the lesson of that chapter has another entry")
            #expect(bench.model.texts.contains { $0.contains("Energy") })
            #expect(try await bench.audit.run().isComplete)
        }
    }
}

@Suite struct StoreFormTests {
    @Test func vectorsKeepEveryBit() {
        let vector: [Float] = [0, -0.0, 1, -1.5, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1]
        let read = VectorBytes.vector(from: VectorBytes.bytes(of: vector), dimension: vector.count)
        #expect(read?.map(\.bitPattern) == vector.map(\.bitPattern))
        #expect(VectorBytes.bytes(of: [1]) == [0, 0, 0x80, 0x3F])
        #expect(VectorBytes.vector(from: [0, 0, 0], dimension: 1) == nil)
    }

    @Test func aVectorsIdentityFollowsFromWhatItStandsFor() {
        let id = VectorID.make(collection: "c", lessonID: "l", embedHash: "h", occurrence: 1)
        #expect(UUID(uuidString: id)?.uuidString.lowercased() == id)
        #expect(id[id.index(id.startIndex, offsetBy: 14)] == "8")
        #expect(id == VectorID.make(collection: "c", lessonID: "l", embedHash: "h", occurrence: 1))
        let others = [
            VectorID.make(collection: "d", lessonID: "l", embedHash: "h", occurrence: 1),
            VectorID.make(collection: "c", lessonID: "m", embedHash: "h", occurrence: 1),
            VectorID.make(collection: "c", lessonID: "l", embedHash: "i", occurrence: 1),
            VectorID.make(collection: "c", lessonID: "l", embedHash: "h", occurrence: 2),
        ]
        #expect(Set(others + [id]).count == 5)
    }
}
