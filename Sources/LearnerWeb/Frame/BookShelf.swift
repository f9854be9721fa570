import Synchronization
import TextbookSync

/// The published book, and the one that was read last for as long as the database is away: with it the lessons that
/// ``LessonBodies`` keeps stay readable.
final class BookShelf: Sendable {
    private let catalog: ContentCatalog
    private let last = Mutex<PublishedBook?>(nil)

    init(_ catalog: ContentCatalog) {
        self.catalog = catalog
    }

    /// A book, and whether it is what is published now.
    struct Found {
        let book: PublishedBook
        let isCurrent: Bool
    }

    /// The book; `nil` when nothing is published.
    /// - Throws: the database's error when no book was read before.
    func book() async throws -> Found? {
        do {
            let book = try await self.catalog.book()
            self.last.withLock { $0 = book }
            return Found(book: book, isCurrent: true)
        } catch let error as CatalogError where error.code == .notFound {
            return nil
        } catch let error as CancellationError {
            throw error
        } catch {
            guard let book = self.last.withLock({ $0 }) else { throw error }
            return Found(book: book, isCurrent: false)
        }
    }
}
