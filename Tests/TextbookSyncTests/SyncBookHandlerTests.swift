import ContentTesting
import Foundation
import JobQueue
import JobQueuePostgres
import MCP
import PipelineJobs
import Postgres
import Synchronization
import Testing

@testable import TextbookSync

@Suite struct SyncBookHandlerTests {
    @Test func theFirstSyncPublishesTheWholeBook() async throws {
        try await ContentBench.with { bench in
            let report = try await BookFixture().onDisk { try await bench.run($0, revision: "abc") }
            #expect(report.outcome == "published")
            #expect((report.lessons, report.created, report.unchanged) == (4, 4, 0))
            #expect((report.objectsPut, report.embedsEnqueued) == (8, 4))
            let book = try await bench.catalog.book()
            #expect(book.releaseID == report.release)
            #expect(book.revision == "abc")
            #expect(book.parts.map(\.layer) == ["L1-L2"])
            #expect(book.lessons.map(\.slug) == ["ch01-a", "ch01-b", "ch02-a", "ch02-b"])
            #expect(book.parts[0].chapters.map(\.prerequisites) == [[], [1]])
            #expect(book.parts[0].chapters[0].transitionCheck == "Say it é.")
            #expect(try await bench.embedJobs == 4)
            try await bench.expectConsistent()
        }
    }

    @Test func anUnchangedFolderIsNotWrittenAgain() async throws {
        try await ContentBench.with { bench in
            try await BookFixture().onDisk { path in
                let first = try await bench.run(path)
                let writes = bench.memory.writes
                let second = try await bench.run(path, revision: "another name for the same state")
                #expect(second.outcome == "unchanged")
                #expect((second.release, second.unchanged, second.objectsPut) == (first.release, 4, 0))
                #expect(bench.memory.writes == writes)
                #expect(try await bench.number("SELECT count(*) FROM lectern.release") == 1)
                #expect(try await bench.embedJobs == 4)
            }
        }
    }

    @Test func aChangedLessonKeepsItsIdentityAndIsTheOnlyOneTouched() async throws {
        try await ContentBench.with { bench in
            var fixture = BookFixture()
            try await fixture.onDisk { _ = try await bench.run($0) }
            let before = try await bench.catalog.lesson("ch01-b")
            fixture.write("b", number: 2, text: "Quite another text.")
            let report = try await fixture.onDisk { try await bench.run($0) }
            let after = try await bench.catalog.lesson("ch01-b")
            #expect((report.updated, report.unchanged, report.created, report.deleted) == (1, 3, 0, 0))
            #expect(report.objectsPut == 2)
            #expect(after.id == before.id)
            #expect(after.contentHash != before.contentHash)
            #expect(bench.memory.keys.contains(before.objectKey), "readers of the earlier release still have its text")
            #expect(try await bench.embedJobs == 5)
            try await bench.expectConsistent()
        }
    }

    @Test func aMovedFileKeepsItsIdentityAndLeavesNoAliasBehind() async throws {
        try await ContentBench.with { bench in
            var fixture = BookFixture()
            try await fixture.onDisk { _ = try await bench.run($0) }
            let before = try await bench.catalog.lesson("ch01-b")
            fixture.remove("b", number: 2)
            fixture.write("b", chapter: 2, number: 3, slug: "ch01-b", text: "Text b of the first edition.")
            let report = try await fixture.onDisk { try await bench.run($0) }
            let after = try await bench.catalog.lesson("ch01-b")
            #expect((report.moved, report.created, report.deleted) == (1, 0, 0))
            #expect(after.id == before.id)
            #expect(after.contentHash == before.contentHash)
            #expect((after.chapterNumber, after.bucketPath != before.bucketPath) == (2, true))
            #expect(report.embedsEnqueued == 4, "the label of its vectors changes too")
            try await bench.expectConsistent()
        }
    }

    @Test func aRenamedLessonKeepsItsIdentity() async throws {
        try await ContentBench.with { bench in
            var fixture = BookFixture()
            try await fixture.onDisk { _ = try await bench.run($0) }
            let before = try await bench.catalog.lesson("ch01-b")
            fixture.write("b", number: 2, slug: "better-name", text: "Text b of the first edition.")
            let report = try await fixture.onDisk { try await bench.run($0) }
            #expect((report.renamed, report.created, report.deleted) == (1, 0, 0))
            #expect(try await bench.catalog.lesson("better-name").id == before.id)
            await #expect(throws: CatalogError.self) { try await bench.catalog.lesson("ch01-b") }
            try await bench.expectConsistent()
        }
    }

    @Test func aLessonThatComesBackIsTheSameLesson() async throws {
        try await ContentBench.with { bench in
            let whole = BookFixture(lessons: 3)
            var shorter = whole
            shorter.remove("c", number: 3)
            try await whole.onDisk { _ = try await bench.run($0) }
            let before = try await bench.catalog.lesson("ch01-c")
            let report = try await shorter.onDisk { try await bench.run($0) }
            #expect(report.deleted == 1)
            try await bench.expectConsistent()
            try await whole.onDisk { _ = try await bench.run($0) }
            #expect(try await bench.catalog.lesson("ch01-c").id == before.id)
            try await bench.expectConsistent()
        }
    }

    @Test func aBookWithErrorsIsRefusedWithThePlaceAndNothingIsWritten() async throws {
        try await ContentBench.with { bench in
            var fixture = BookFixture()
            let path = BookFixture.path("b", number: 2)
            fixture.files[path] = "---\ntitle: [unclosed\nslug: x\n---\n\n# Text\n"
            fixture.files[BookFixture.path("a", chapter: 2, number: 1)] = "# T\n\n```swift\nlet open = true\n"
            try await fixture.onDisk { root in
                let error = await #expect(throws: JobError.self) { try await bench.run(root) }
                #expect(error?.disposition == .permanent)
                #expect(error?.code == "book_has_errors")
                #expect(error?.message.contains("\(path):") == true, "\(error?.message ?? "")")
                #expect((error?.message.count ?? 0) <= 1_900)
            }
            #expect(bench.memory.writes == 0)
            #expect(try await bench.number("SELECT count(*) FROM lectern.book") == 0)
        }
    }

    @Test func aFolderThatIsNotThereIsRefusedForGood() async throws {
        try await ContentBench.with { bench in
            let error = await #expect(throws: JobError.self) { try await bench.run("/nowhere/at/all") }
            #expect(error?.disposition == .permanent)
            #expect(error?.code == "book_not_found")
        }
    }

    @Test func anEmptiedBookIsRefused() async throws {
        try await ContentBench.with { bench in
            try await BookFixture(chapters: 2, lessons: 4).onDisk { _ = try await bench.run($0) }
            let before = try await bench.signature()
            let writes = bench.memory.writes
            try await BookFixture(chapters: 1, lessons: 2).onDisk { root in
                let error = await #expect(throws: JobError.self) { try await bench.run(root) }
                #expect(error?.disposition == .permanent)
                #expect(error?.code == "too_many_deletes")
            }
            #expect(bench.memory.writes == writes)
            #expect(try await bench.signature() == before)
        }
    }

    @Test func anOutageOfTheStorageIsRetriedAndChangesNothing() async throws {
        try await ContentBench.with { bench in
            bench.memory.interfere { _, _ in throw outage }
            try await BookFixture().onDisk { root in
                let error = await #expect(throws: JobError.self) { try await bench.run(root) }
                #expect(error?.disposition == .retry(after: nil))
                #expect(error?.code == "storage_unreachable")
                #expect(try await bench.number("SELECT count(*) FROM lectern.release") == 0)
                bench.memory.interfere(nil)
                try await bench.finish(root)
            }
            try await bench.expectConsistent()
        }
    }

    @Test func aRefusalOfTheStorageIsFinal() async throws {
        try await ContentBench.with { bench in
            bench.memory.interfere { _, _ in throw MCPError(code: .unauthorized, message: "no") }
            try await BookFixture().onDisk { root in
                let error = await #expect(throws: JobError.self) { try await bench.run(root) }
                #expect(error?.disposition == .permanent)
                #expect(error?.code == "storage_refused")
            }
        }
    }

    @Test func aBucketThatKeepsOtherBytesThanWereSentIsFoundOut() async throws {
        try await ContentBench.with { bench in
            let memory = bench.memory
            let good = memory.bucket
            var lying = good
            lying.put = { key, body in
                let info = try await good.put(key, body)
                memory.set(key, Array(body.dropLast()))
                return BlobInfo(size: info.size, sha256: nil)
            }
            let handler = SyncBookHandler(database: bench.database, bucket: lying, recipe: bench.recipe)
            try await BookFixture().onDisk { root in
                let error = await #expect(throws: JobError.self) {
                    try await handler.perform(.init(path: root), context: ContentBench.context())
                }
                #expect(error?.code == "object_corrupt")
            }
        }
    }

    @Test func whereTheServerTellsNoChecksumTheBytesAreReadBack() async throws {
        try await ContentBench.with(memory: MemoryBucket(tellsChecksums: false)) { bench in
            try await BookFixture().onDisk { root in
                try await bench.run(root)
                #expect(bench.memory.count(.get) >= 8)
                let key = try #require(bench.memory.keys.sorted().first)
                let body = try #require(bench.memory.objects[key])
                bench.memory.set(key, [UInt8](repeating: 0x20, count: body.count))
                let again = try await bench.run(root)
                #expect((again.outcome, again.objectsPut) == ("unchanged", 1))
            }
            try await bench.expectConsistent()
        }
    }

    @Test func aLostObjectIsPutBackByTheNextSync() async throws {
        try await ContentBench.with { bench in
            try await BookFixture().onDisk { root in
                try await bench.run(root)
                let lesson = try await bench.catalog.lesson("ch02-a")
                bench.memory.set(lesson.objectKey, nil)
                bench.memory.set(lesson.bucketPath, [UInt8](repeating: 0x20, count: lesson.sizeBytes))
                let report = try await bench.run(root)
                #expect((report.outcome, report.objectsPut) == ("unchanged", 2))
            }
            try await bench.expectConsistent()
        }
    }

    @Test func lessonsMissingInTheIndexAreHandedToItAgain() async throws {
        try await ContentBench.with { bench in
            try await BookFixture().onDisk { root in
                try await bench.run(root)
                try await bench.database.execute("DELETE FROM lectern.ready WHERE queue = 'embed'")
                try await bench.database.execute("DELETE FROM lectern.flight")
                let report = try await bench.run(root)
                #expect((report.outcome, report.embedsEnqueued) == ("unchanged", 4))
                #expect(try await bench.embedJobs == 4)
            }
            try await bench.expectConsistent()
        }
    }
}
