import ContentTesting
import Foundation
import MCP
import Testing

@testable import TextbookSync

@Suite struct ContentCatalogTests {
    @Test func everyFieldOfTheContractHasItsName() async throws {
        try await ContentBench.with { bench in
            try await BookFixture().onDisk { _ = try await bench.run($0, revision: "r") }
            let json = try JSONValue(encoding: try await bench.catalog.book())
            #expect(json["slug"] == "fixture")
            let part = try #require(json.value(at: "parts[0]")?.objectValue)
            #expect(
                Set(part.keys) == [
                    "book_slug", "number", "title", "layer", "tier", "folder_name", "week_start", "week_end",
                    "chapters",
                ])
            let chapter = try #require(json.value(at: "parts[0].chapters[1]")?.objectValue)
            #expect(
                Set(chapter.keys) == [
                    "book_slug", "part_number", "number", "local_number", "title", "folder_name", "prerequisites",
                    "transition_check", "lessons",
                ])
            let lesson = try #require(json.value(at: "parts[0].chapters[1].lessons[0]")?.objectValue)
            #expect(
                Set(lesson.keys) == [
                    "id", "book_slug", "part_number", "chapter_number", "number", "title", "slug", "type",
                    "content_hash", "bucket_path", "vector_ids", "sidebar_position", "estimated_minutes",
                    "size_bytes",
                ])
            #expect(
                lesson["bucket_path"]
                    == "books/fixture/parts/01-Basics/chapters/02-chapter/lessons/01-a.md")
            #expect(lesson["vector_ids"] == [])
        }
    }

    @Test func partsChaptersAndLessonsAreFoundByTheirNames() async throws {
        try await ContentBench.with { bench in
            try await BookFixture().onDisk { _ = try await bench.run($0) }
            let tree = try await bench.catalog.book()
            let edition = try await bench.catalog.edition()
            #expect(edition.part(1) == tree.parts[0])
            #expect(edition.chapter(2) == tree.parts[0].chapters[1])
            #expect(try await bench.catalog.lesson("ch02-b") == tree.lessons[3])
            #expect(try await bench.catalog.lessons() == tree.lessons)
        }
    }

    @Test func whatIsNotPublishedIsNotFound() async throws {
        try await ContentBench.with { bench in
            try await BookFixture(chapters: 1, lessons: 1).onDisk { _ = try await bench.run($0) }
            let hostile = String(repeating: "x", count: 10_240)
            for slug in ["", "ch01-x", "../../etc/passwd", "a\0b", hostile, "'; DROP"] {
                let error = await #expect(throws: CatalogError.self) { try await bench.catalog.lesson(slug) }
                #expect(error?.code == .notFound)
                #expect((error?.message.utf8.count ?? 0) < 1_200)
            }
            let edition = try await bench.catalog.edition()
            #expect(edition.part(.max) == nil)
            #expect(edition.chapter(-1) == nil)
        }
    }

    @Test func whereNothingIsPublishedNothingIsFound() async throws {
        try await ContentBench.with { bench in
            await #expect(throws: CatalogError.self) { try await bench.catalog.book() }
            await #expect(throws: CatalogError.self) { try await bench.catalog.lessons() }
            try await BookFixture(chapters: 1, lessons: 1).onDisk { _ = try await bench.run($0) }
            let other = ContentCatalog(database: bench.database, bookSlug: "another-book")
            await #expect(throws: CatalogError.self) { try await other.book() }
            let named = ContentCatalog(database: bench.database, bookSlug: "fixture")
            #expect(try await named.book() == bench.catalog.book())
        }
    }

    @Test func aPlannedChapterWithoutLessonsIsInTheTree() async throws {
        try await ContentBench.with { bench in
            var fixture = BookFixture()
            fixture.files["book.yaml"]? += """
                  - number: 2
                    title: "Later"
                    layer: L5
                    tier: C2
                    folder: 02-Later
                    chapters:
                      - number: 3
                        title: "Planned"
                        folder: 03-planned
                        prerequisites: [2]

                """
            try await fixture.onDisk { _ = try await bench.run($0) }
            let book = try await bench.catalog.book()
            #expect(book.parts.map(\.number) == [1, 2])
            #expect(book.parts[1].chapters.map(\.title) == ["Planned"])
            #expect(book.parts[1].chapters[0].lessons.isEmpty)
            #expect(try await bench.catalog.edition().chapter(3)?.prerequisites == [2])
        }
    }
}
