import ContentHashing
import ContentTesting
import Foundation
import JobQueue
import JobQueuePostgres
import MCP
import PipelineJobs
import Postgres
import Synchronization
import Testing
import Textbook

@testable import TextbookSync

@Suite struct SyncBookHandlerTests {
    @Test func theFirstSyncPublishesTheWholeBook() async throws {
        try await ContentBench.with { bench in
            let report = try await BookFixture().onDisk { try await bench.run($0, revision: "abc") }
            #expect(report.outcome == "published")
            #expect((report.report.lessons, report.report.created, report.report.unchanged) == (4, 4, 0))
            #expect((report.report.objectsMissing, bench.memory.puts.count) == (4, 8))
            let book = try await bench.catalog.book()
            #expect(book.releaseID == report.release)
            #expect(book.revision == "abc")
            #expect(book.parts.map(\.layer) == ["L1-L2"])
            #expect(book.lessons.map(\.slug) == ["ch01-a", "ch01-b", "ch02-a", "ch02-b"])
            #expect(book.parts[0].chapters.map(\.prerequisites) == [[], [1]])
            #expect(book.parts[0].chapters[0].transitionCheck == "Say it é.")
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
                #expect((second.release, second.report.unchanged) == (first.release, 4))
                #expect(bench.memory.writes == writes)
                #expect(try await bench.number("SELECT count(*) FROM lectern.release") == 1)
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
            #expect(
                (report.report.updated, report.report.unchanged, report.report.created, report.report.deleted) == (
                    1, 3, 0, 0
                ))
            #expect(report.report.objectsMissing == 1)
            #expect(after.id == before.id)
            #expect(after.contentHash != before.contentHash)
            #expect(bench.memory.keys.contains(before.objectKey), "readers of the earlier release still have its text")
            try await bench.expectConsistent()
        }
    }

    @Test func theGoalsOfAnAuthorArriveAndTheirChangeIsNoNewText() async throws {
        try await ContentBench.with { bench in
            var fixture = BookFixture()
            let path = BookFixture.path("b", number: 2)
            let text = try #require(fixture.files[path])
            fixture.files[path] = text.replacing("slug:", with: "goals: [teaching, hobby, teaching]\nslug:")
            try await fixture.onDisk { _ = try await bench.run($0) }
            #expect(try await bench.catalog.lesson("ch01-b").goals == ["hobby", "teaching"])
            #expect(try await bench.catalog.lesson("ch01-a").goals.isEmpty)
            let again = try await fixture.onDisk { try await bench.run($0, revision: "again") }
            #expect(again.outcome == "unchanged")
        }
    }

    @Test func whatTheReviewFindsStopsThePublicationWithItsPlace() async throws {
        try await ContentBench.with { bench in
            var bench = bench
            bench.review = { book in
                [
                    Finding(
                        .error, .deadEnd, file: book.lessons[1].sourcePath, message: "nobody comes here",
                        advice: "look at the prerequisites")
                ]
            }
            let refusing = bench
            try await BookFixture().onDisk { root in
                let error = await #expect(throws: ContentBench.Refused.self) { try await refusing.run(root) }
                #expect(error?.code == "book_has_errors")
                #expect(error?.message.contains("02-b.md: error: nobody comes here") == true)
            }
            #expect(bench.memory.writes == 0)
            #expect(try await bench.number("SELECT count(*) FROM lectern.book") == 0)
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
            #expect((report.report.moved, report.report.created, report.report.deleted) == (1, 0, 0))
            #expect(after.id == before.id)
            #expect(after.contentHash == before.contentHash)
            #expect((after.chapterNumber, after.bucketPath != before.bucketPath) == (2, true))
            let entries = try await bench.number("SELECT count(*) FROM lectern.lesson_index")
            #expect(entries == 5, "with another label it has another entry, and the others keep theirs")
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
            #expect((report.report.renamed, report.report.created, report.report.deleted) == (1, 0, 0))
            #expect(try await bench.catalog.lesson("better-name").id == before.id)
            let error = await #expect(throws: CatalogError.self) { try await bench.catalog.lesson("ch01-b") }
            #expect(error?.code == .renamed)
            #expect(error?.slug == "better-name")
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
            #expect(report.report.deleted == 1)
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
                let error = await #expect(throws: ContentBench.Refused.self) { try await bench.run(root) }
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
            let error = await #expect(throws: ContentBench.Refused.self) { try await bench.run("/nowhere/at/all") }
            #expect(error?.code == "book_not_found")
        }
    }

    @Test func anEmptiedBookIsRefused() async throws {
        try await ContentBench.with { bench in
            try await BookFixture(chapters: 2, lessons: 4).onDisk { _ = try await bench.run($0) }
            let before = try await bench.signature()
            let writes = bench.memory.writes
            try await BookFixture(chapters: 1, lessons: 2).onDisk { root in
                let error = await #expect(throws: ContentBench.Refused.self) { try await bench.run(root) }
                #expect(error?.code == "too_many_deletes")
            }
            #expect(bench.memory.writes == writes)
            #expect(try await bench.signature() == before)
        }
    }

    @Test func anOutageOfTheStorageIsOutlastedAndChangesNothing() async throws {
        try await ContentBench.with { bench in
            let calls = Mutex(0)
            bench.memory.interfere { _, _ in
                let call = calls.withLock { count in
                    count += 1
                    return count
                }
                if call.isMultiple(of: 3) { throw outage }
            }
            try await BookFixture().onDisk { root in
                let report = try await bench.run(root)
                #expect(report.outcome == "published")
            }
            bench.memory.interfere(nil)
            #expect(bench.memory.puts.count == 8, "nothing is uploaded twice")
            try await bench.expectConsistent()
        }
    }

    @Test func aStorageThatStaysAwayEndsTheResyncWithAReport() async throws {
        try await ContentBench.with { bench in
            bench.memory.interfere { call, _ in if call == .put { throw outage } }
            try await BookFixture().onDisk { root in
                let error = await #expect(throws: ContentBench.Refused.self) { try await bench.run(root) }
                #expect(error?.code == "not_stored")
                #expect(error?.message.contains("4 of 4 files did not get through") == true, "\(error?.message ?? "")")
                #expect(error?.message.contains("storage_unreachable") == true)
                let failed = try await bench.number("SELECT count(*) FROM lectern.release WHERE state = 'failed'")
                #expect(failed == 1)
                await #expect(throws: CatalogError.self) { try await bench.catalog.book() }
                bench.memory.interfere(nil)
                let report = try await bench.run(root)
                #expect(report.outcome == "published")
            }
            try await bench.expectConsistent()
        }
    }

    @Test func aRefusalOfTheStorageIsFinal() async throws {
        try await ContentBench.with { bench in
            bench.memory.interfere { _, _ in throw MCPError(code: .unauthorized, message: "no") }
            try await BookFixture().onDisk { root in
                let error = await #expect(throws: ContentBench.Refused.self) { try await bench.run(root) }
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
            let object = BookObject(key: "k", body: [1, 2, 3], sha256: SHA256Hex.of([1, 2, 3]))
            let error = await #expect(throws: JobError.self) {
                try await BookObjects(bucket: lying).store(object)
            }
            #expect(error?.code == "object_corrupt")
        }
    }

    @Test func whereTheServerTellsNoChecksumAndListsNothingTheBytesAreReadBack() async throws {
        try await ContentBench.with(memory: MemoryBucket(tellsChecksums: false, lists: false)) { bench in
            try await BookFixture().onDisk { root in
                try await bench.run(root)
                #expect(bench.memory.count(.get) >= 8)
                let key = try await bench.catalog.lesson("ch01-a").objectKey
                let body = try #require(bench.memory.objects[key])
                bench.memory.set(key, [UInt8](repeating: 0x20, count: body.count))
                #expect(try await bench.run(root).report.objectsMissing == 1)
            }
            try await bench.expectConsistent()
        }
    }

    @Test func lostObjectsArePutBackByTheNextResync() async throws {
        try await ContentBench.with { bench in
            try await BookFixture().onDisk { root in
                let first = try await bench.run(root)
                let lesson = try await bench.catalog.lesson("ch02-a")
                bench.memory.set(lesson.objectKey, nil)
                bench.memory.set(lesson.bucketPath, [UInt8](repeating: 0x20, count: lesson.sizeBytes))
                let puts = bench.memory.puts.count
                let report = try await bench.run(root)
                #expect((report.outcome, report.release) == ("repaired", first.release))
                #expect(bench.memory.puts.dropFirst(puts).sorted() == [lesson.objectKey, lesson.bucketPath].sorted())
            }
            try await bench.expectConsistent()
        }
    }

    @Test func lessonsMissingInTheIndexAreIndexedByTheNextResync() async throws {
        try await ContentBench.with { bench in
            try await BookFixture().onDisk { root in
                try await bench.run(root)
                try await bench.database.execute("DELETE FROM lectern.lesson_index")
                let report = try await bench.run(root)
                #expect((report.outcome, report.report.lessonsUnindexed) == ("repaired", 4))
            }
            try await bench.expectConsistent()
        }
    }

    @Test func aFileThatChangesBetweenThePlanAndItsUploadStopsTheRelease() async throws {
        try await ContentBench.with { bench in
            try await BookFixture().onDisk { root in
                let file = URL(fileURLWithPath: root).appendingPathComponent(BookFixture.path("b", number: 2))
                bench.memory.interfere { call, _ in
                    if call == .list { try Data("# Another text\n".utf8).write(to: file) }
                }
                let error = await #expect(throws: ContentBench.Refused.self) { try await bench.run(root) }
                #expect(error?.code == "not_stored")
                #expect(error?.message.contains("source_changed") == true, "\(error?.message ?? "")")
                #expect(error?.message.contains("02-b.md") == true)
            }
        }
    }
}
