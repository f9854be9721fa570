import Synchronization
public import TextbookSync

/// One release of the book, as readers and as recommendations see it. Places of lessons in both are the same.
public struct PublishedPath: Sendable {
    public let book: PublishedBook
    public let curriculum: Curriculum
    /// Every lesson of the book in reading order.
    public let lessons: [PublishedLesson]

    init(book: PublishedBook, curriculum: Curriculum) {
        self.book = book
        self.curriculum = curriculum
        self.lessons = book.lessons
    }

    /// The place of the lesson with this slug.
    public func lesson(slug: String) -> Int? { self.lessons.firstIndex { $0.slug == slug } }
}

/// Keeps the last release that was asked for: what a release holds never changes, so its number is all there is to
/// check.
final class PublishedPathCache: Sendable {
    private let kept = Mutex<PublishedPath?>(nil)

    func path(release: Int64) -> PublishedPath? {
        self.kept.withLock { $0.flatMap { $0.book.releaseID == release ? $0 : nil } }
    }

    func keep(_ path: PublishedPath) {
        self.kept.withLock { $0 = path }
    }
}
