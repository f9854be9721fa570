import TextbookSync

/// A lesson and what stands around it.
struct LessonInBook: Sendable {
    let book: PublishedBook
    let part: PublishedPart
    let chapter: PublishedChapter
    let lesson: PublishedLesson
    let previous: PublishedLesson?
    let next: PublishedLesson?

    /// `nil` when the book has no such lesson.
    init?(_ slug: String, in book: PublishedBook) {
        let lessons = book.lessons
        guard let index = lessons.firstIndex(where: { $0.slug == slug }),
            let part = book.parts.first(where: { $0.number == lessons[index].partNumber }),
            let chapter = part.chapters.first(where: { $0.number == lessons[index].chapterNumber })
        else { return nil }
        self.book = book
        self.part = part
        self.chapter = chapter
        self.lesson = lessons[index]
        self.previous = index > 0 ? lessons[index - 1] : nil
        self.next = index + 1 < lessons.count ? lessons[index + 1] : nil
    }
}
