import ContentHashing
import ContentTesting
import JobQueuePostgres
import MCP
import Postgres
import Testing
import TextbookSync

/// A storage server that is away.
let outage = MCPError(code: .unreachable, message: "no connection")

extension ContentBench {
    /// What readers of the book can tell apart: every slug with its text's hash, and the reading order.
    func signature() async throws -> [String] {
        try await self.catalog.book().lessons.map { "\($0.slug) \($0.contentHash) \($0.bucketPath)" }
    }

    /// Everything that must hold whenever no sync is under way.
    func expectConsistent(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let book = try await self.catalog.book()
        let objects = self.memory.objects
        for lesson in book.lessons {
            for key in [lesson.objectKey, lesson.bucketPath] {
                let body = objects[key] ?? []
                #expect(ContentHash(of: body).hex == lesson.contentHash, "\(key)", sourceLocation: sourceLocation)
            }
        }
        let aliases = self.memory.keys.filter { $0.hasPrefix("books/fixture/parts/") }
        #expect(aliases == Set(book.lessons.map(\.bucketPath)), sourceLocation: sourceLocation)
        let published = try await self.number("SELECT count(*) FROM lectern.release WHERE state = 'published'")
        #expect(published == 1, sourceLocation: sourceLocation)
        let staging = try await self.number("SELECT count(*) FROM lectern.release WHERE state = 'staging'")
        #expect(staging == 0, sourceLocation: sourceLocation)
        #expect(try await self.unindexed() == 0, "every lesson is in the index", sourceLocation: sourceLocation)
        let slugs = try await self.number(
            """
            SELECT count(*) FROM lectern.release_lesson l JOIN lectern.book b ON b.active_release = l.release_id
            JOIN lectern.lesson n ON n.id = l.lesson_id WHERE n.slug <> l.slug
            """)
        #expect(slugs == 0, "lessons go by the slugs of the release", sourceLocation: sourceLocation)
    }

    /// Lessons of the release that readers see without an entry by the present rules.
    func unindexed() async throws -> Int {
        try await self.number(
            """
            SELECT count(*) FROM lectern.release_lesson l JOIN lectern.book b ON b.active_release = l.release_id
            JOIN lectern.release r ON r.id = l.release_id
            WHERE NOT EXISTS (SELECT FROM lectern.lesson_index i WHERE i.lesson_id = l.lesson_id
                              AND i.content_hash = l.content_hash AND i.recipe = r.recipe)
            """)
    }
}
