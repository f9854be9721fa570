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
        let unqueued = try await self.number(
            """
            SELECT count(*) FROM lectern.release_lesson l JOIN lectern.book b ON b.active_release = l.release_id
            WHERE NOT EXISTS (SELECT FROM lectern.flight f
                              WHERE f.key = 'embed_lesson:' || l.lesson_id || ':' || l.content_hash)
            """)
        #expect(unqueued == 0, "every lesson is on its way into the index", sourceLocation: sourceLocation)
    }

    /// Goes back to the first release of the fixture, and to the objects there were then.
    func republish(_ objects: [String: [UInt8]]) async throws {
        for key in self.memory.keys { self.memory.set(key, objects[key]) }
        for (key, body) in objects { self.memory.set(key, body) }
        try await self.database.withTransaction { transaction in
            _ = try await transaction.execute(
                """
                UPDATE lectern.book
                SET active_release = (SELECT min(r.id) FROM lectern.release r WHERE r.book_id = book.id)
                """)
            _ = try await transaction.execute(
                "DELETE FROM lectern.release r USING lectern.book b WHERE r.book_id = b.id AND r.id <> b.active_release"
            )
            _ = try await transaction.execute("UPDATE lectern.release SET state = 'published'")
        }
    }
}
