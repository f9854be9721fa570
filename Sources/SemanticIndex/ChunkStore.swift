import Postgres
import Textbook
import TextbookSync

/// What a search can find now.
struct SearchScope: Sendable {
    var bookSlug: String
    var releaseID: Int64
    /// Lessons in scope without a current entry.
    var pendingLessons: Int
    /// Chunks of the lessons in scope that have one.
    var chunks: Int
}

/// The search tables' SQL for readers.
struct ChunkStore: Sendable {
    let database: PostgresClient

    /// One statement over the lessons of the release that readers see; `nil` when nothing is published.
    func scope(_ bookSlug: String?, _ filters: SearchFilters, recipe: IndexRecipe) async throws -> SearchScope? {
        let row = try await self.database.queryOne(
            """
            SELECT b.slug, b.active_release,
                   count(*) FILTER (WHERE l.lesson_id IS NOT NULL AND i.chunks IS NULL) AS pending,
                   coalesce(sum(i.chunks), 0)::int8 AS chunks
            FROM \(sql: .readersBook(bookSlug))
            LEFT JOIN (lectern.release_lesson l
                       JOIN lectern.chapter c ON c.release_id = l.release_id AND c.number = l.chapter_number
                       JOIN lectern.part p ON p.release_id = l.release_id AND p.number = c.part_number)
              ON l.release_id = b.active_release
             AND \(sql: .lessons(filters))
            LEFT JOIN \(sql: .currentIndex(recipe)) ON true
            GROUP BY b.slug, b.active_release
            """)
        guard let row else { return nil }
        return SearchScope(
            bookSlug: try row.decode("slug"), releaseID: try row.decode("active_release"),
            pendingLessons: try row.decode("pending"), chunks: try row.decode("chunks"))
    }

    /// Slugs of the lessons that wait to be indexed, in reading order.
    func unindexed(_ bookSlug: String, recipe: IndexRecipe) async throws -> [String] {
        let rows = try await self.database.query(
            """
            SELECT l.slug
            FROM \(sql: .readersBook(bookSlug))
            JOIN lectern.release_lesson l ON l.release_id = b.active_release
            JOIN lectern.chapter c ON c.release_id = l.release_id AND c.number = l.chapter_number
            JOIN lectern.part p ON p.release_id = l.release_id AND p.number = c.part_number
            LEFT JOIN \(sql: .currentIndex(recipe)) ON true
            WHERE i.chunks IS NULL
            ORDER BY l.position
            """)
        return try rows.map { try $0.decode("slug") }
    }
}

extension SQL {
    /// True for the lessons `l` (with their chapter `c` and part `p`) that the filters let through.
    static func lessons(_ filters: SearchFilters) -> SQL {
        // The server cannot be sent a NUL, and no slug holds one.
        let slug = filters.lessonSlug?.replacing("\0", with: "\u{FFFD}")
        let type = filters.type?.rawValue
        return """
            ((\(filters.part as Int?)::int8 IS NULL OR p.number = \(filters.part as Int?)::int8)
             AND (\(filters.chapter as Int?)::int8 IS NULL OR c.number = \(filters.chapter as Int?)::int8)
             AND (\(type as String?)::text IS NULL OR l.type = \(type as String?)::text)
             AND (\(slug as String?)::text IS NULL OR l.slug = \(slug as String?)::text))
            """
    }
}
