import MarkdownHTML
import TextbookSync

/// What the page of a lesson shows.
struct LessonPage {
    struct Section {
        let text: String
        let address: String
    }

    let title: String
    let language: String
    let bookTitle: String
    let partNumber: Int
    let partTitle: String
    let chapterNumber: Int
    let chapterTitle: String
    let minutes: Int
    let isLab: Bool
    /// Whether the text brings no title of its own.
    let needsTitle: Bool
    let hasSections: Bool
    let sections: [Section]
    /// Made by the renderer: safe whoever wrote the lesson.
    let html: String
    let previous: LessonLink?
    let next: LessonLink?

    init(_ found: LessonInBook, headings: [Heading], html: String) {
        self.title = found.lesson.title
        self.language = found.book.language
        self.bookTitle = found.book.title
        self.partNumber = found.part.number
        self.partTitle = found.part.title
        self.chapterNumber = found.chapter.number
        self.chapterTitle = found.chapter.title
        self.minutes = found.lesson.estimatedMinutes
        self.isLab = found.lesson.type == "lab"
        self.needsTitle = headings.first?.level != 1
        let sections = headings.filter { $0.level == 2 }.map { Section(text: $0.text, address: "#\($0.id)") }
        self.sections = sections
        self.hasSections = sections.count > 1
        self.html = html
        self.previous = found.previous.map(LessonLink.init)
        self.next = found.next.map(LessonLink.init)
    }
}
