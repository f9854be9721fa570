import Postgres
import Synchronization

/// One release of the book as readers see it, with its lessons by their slugs.
public struct PublishedEdition: Sendable {
    public let book: PublishedBook
    private let lessons: [String: PublishedLesson]

    init(_ book: PublishedBook) {
        self.book = book
        self.lessons = Dictionary(book.lessons.map { ($0.slug, $0) }) { first, _ in first }
    }

    /// The lesson with this slug.
    public func lesson(_ slug: String) -> PublishedLesson? { self.lessons[slug] }

    /// The part with this number.
    public func part(_ number: Int) -> PublishedPart? { self.book.parts.first { $0.number == number } }

    /// The chapter with this number.
    public func chapter(_ number: Int) -> PublishedChapter? {
        self.book.parts.lazy.flatMap(\.chapters).first { $0.number == number }
    }
}

/// The last release that was read whole.
final class KeptEdition: Sendable {
    private let database: PostgresClient
    private let bookSlug: String?
    private let kept = Mutex<PublishedEdition?>(nil)

    init(database: PostgresClient, bookSlug: String?) {
        self.database = database
        self.bookSlug = bookSlug
    }

    /// The active release; `nil` when nothing is published.
    func current() async throws -> PublishedEdition? {
        let look: SQL = "SELECT b.id, b.active_release FROM \(sql: .readersBook(self.bookSlug))"
        guard let row = try await self.database.queryOne(look.repeated) else { return nil }
        let (id, release) = (try row.decode("id", as: String.self), try row.decode("active_release", as: Int64.self))
        if let edition = self.kept.withLock({ $0 }), edition.book.releaseID == release, edition.book.id == id {
            return edition
        }
        // Another release may have become active since; the tree says itself which one it is of.
        let rows = try await self.database.query(.contentTree(book: self.bookSlug))
        guard let book = try PublishedBook(rows) else { return nil }
        let edition = PublishedEdition(book)
        if book.isIndexed { self.kept.withLock { $0 = edition } }
        return edition
    }
}
