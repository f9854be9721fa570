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
            try await bench.publish(.topics())
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
            try await bench.publish(.topics())
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
            try await bench.publish(fixture)
            let first = try await bench.embed(try await bench.job("ch01-a"))
            #expect(first.chunks >= 3)
            fixture.write("a", number: 1, text: text("The second edition."))
            try await bench.publish(fixture)
            let second = try await bench.embed(try await bench.job("ch01-a"))
            #expect(second.embedded == 1)
            #expect(second.chunks == first.chunks)
        }
    }

    @Test func aTextThatIsNoLongerPublishedIsLeftAlone() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            let job = try await bench.job("ch01-a")
            var fixture = BookFixture.topics()
            fixture.write("a", chapter: 1, number: 1, text: "Something else.")
            try await bench.publish(fixture)
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

    @Test func aReleasePublishedMeanwhileMakesTheRunStartAgain() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            let job = try await bench.job("ch01-a")
            let outcome = try await bench.handler.perform(job, context: ContentBench.context())
            let commit = try #require(outcome.commit)
            var fixture = BookFixture.topics()
            fixture.files["book.yaml"] = fixture.files["book.yaml"]?.replacing("Chapter 1", with: "Chapter One")
            try await bench.publish(fixture)
            let error = await #expect(throws: JobError.self) {
                try await bench.content.queue.withTransaction { try await commit($0) }
            }
            #expect(error?.code == "release_moved")
            #expect(error?.disposition == .snooze(.milliseconds(50)))
            #expect(try await bench.content.number("SELECT count(*) FROM lectern.chunk") == 0)
            #expect(try await bench.embed(job).outcome == "indexed")
        }
    }

    @Test func aSupersededVerdictIsNotWrittenWhenTheTextCameBackMeanwhile() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            let job = try await bench.job("ch01-a")
            var other = BookFixture.topics()
            other.write("a", chapter: 1, number: 1, text: "Something else.")
            try await bench.publish(other)
            let outcome = try await bench.handler.perform(job, context: ContentBench.context())
            try await bench.publish(.topics())
            let commit = try #require(outcome.commit)
            await #expect(throws: JobError.self) {
                try await bench.content.queue.withTransaction { try await commit($0) }
            }
        }
    }

    @Test func theEntryWaitsForAPublicationUnderWayWithoutBlockingIt() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            let outcome = try await bench.handler.perform(
                try await bench.job("ch01-a"), context: ContentBench.context())
            let commit = try #require(outcome.commit)
            try await bench.content.database.withTransaction { holder in
                _ = try await holder.query(.publicationLock("pg_advisory_xact_lock", book: "fixture"))
                let error = await #expect(throws: JobError.self) {
                    try await bench.content.queue.withTransaction { try await commit($0) }
                }
                #expect(error?.code == "publication_under_way")
            }
            try await bench.content.queue.withTransaction { try await commit($0) }
            #expect(try await bench.content.catalog.lesson("ch01-a").vectorIDs.isEmpty == false)
        }
    }

    @Test func outagesAreRetriedAndEmbeddedTextsAreNotEmbeddedAgain() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
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
            try await bench.publish(fixture)
            #expect(try await bench.content.embedJobs == 0)
        }
    }

    @Test func aRenamedChapterRelabelsItsVectors() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            try await bench.embedAll()
            var fixture = BookFixture.topics()
            fixture.files["book.yaml"] = fixture.files["book.yaml"]?.replacing("Chapter 2", with: "Energy")
            try await bench.publish(fixture)
            #expect(try await bench.content.embedJobs == 1)
            try await bench.embedAll()
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
