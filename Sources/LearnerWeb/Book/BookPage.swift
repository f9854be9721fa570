import Learners
import LearningPaths
import TextbookSync

/// What the table of contents shows: parts, chapters and lessons, with the learner's marks where there are any.
struct BookPage {
    struct Part {
        let number: Int
        let label: String
        let title: String
        let facts: [String]
        let chapters: [Chapter]
        let isOpen: Bool
        /// Templates look for a name that has no value further out, so names of counts differ.
        let partCount: String?
    }

    struct Chapter {
        let number: Int
        let title: String
        let builtOn: [BuiltOn]
        let hasBuiltOn: Bool
        let lessons: [Lesson]
        let isWritten: Bool
        let isOpen: Bool
        let minutes: String?
        let chapterCount: String?
    }

    /// A chapter to finish first.
    struct BuiltOn {
        let number: Int
        let title: String
        let isCompleted: Bool
    }

    struct Lesson {
        let link: LessonLink
        let minutes: String
        let isCompleted: Bool
        let isBegun: Bool
        /// The learner was last heard of here.
        let isCurrent: Bool
    }

    let title: String
    let language: String
    let parts: [Part]
    let current: LessonLink?
    let count: String?
    let percent: Int

    /// - Parameter account: `nil` shows the tree without marks.
    init(_ book: PublishedBook, _ account: ProgressStore.Account?, _ words: BookWords) {
        let marks = BookMarks(account)
        let makers = BookTreeMaker(book, marks, words)
        self.title = book.title
        self.language = book.language
        self.parts = book.parts.map(makers.part)
        self.current = marks.current.map(LessonLink.init)
        self.count = marks.summary.map { words.count($0.overall) }
        self.percent = marks.summary?.overall.percent ?? 0
    }
}

/// Where a learner stands in each lesson, chapter and part.
struct BookMarks {
    let summary: ProgressSummary?
    /// The lesson that was begun and is not completed, the latest of several.
    let current: PublishedLesson?
    private let progress: [String: LessonProgress]
    private let chapters: [Int: ProgressSummary.Count]
    private let parts: [Int: ProgressSummary.Count]

    init(_ account: ProgressStore.Account?) {
        let progress = account?.record.progress ?? [:]
        let summary = account.map { ProgressSummary($0.path.curriculum, $0.record) }
        self.progress = progress
        self.summary = summary
        self.current = account.flatMap { account in account.lastBegun.map { account.path.lessons[$0] } }
        self.parts = Self.counts(summary?.parts ?? [])
        self.chapters = Self.counts(summary?.parts.flatMap { $0.chapters ?? [] } ?? [])
    }

    private static func counts(_ sections: [ProgressSummary.Section]) -> [Int: ProgressSummary.Count] {
        Dictionary(sections.map { ($0.number, $0.count) }, uniquingKeysWith: { first, _ in first })
    }

    func state(_ lesson: PublishedLesson) -> LessonProgress.State? { self.progress[lesson.id]?.state }

    /// `nil` where nothing is known, and where there is nothing to complete.
    func count(part number: Int) -> ProgressSummary.Count? { self.parts[number].flatMap(Self.countable) }

    func count(chapter number: Int) -> ProgressSummary.Count? { self.chapters[number].flatMap(Self.countable) }

    func isCompleted(chapter number: Int) -> Bool {
        self.count(chapter: number).map { $0.completed == $0.total } ?? false
    }

    private static func countable(_ count: ProgressSummary.Count) -> ProgressSummary.Count? {
        count.total > 0 ? count : nil
    }
}

/// Sentences of the page with numbers in them, in the visitor's language.
struct BookWords {
    let site: Site
    let language: PreferredLanguage

    func text(_ name: String, _ values: [String: String] = [:]) -> String {
        self.site.strings.text(name, self.language, values)
    }

    func count(_ count: ProgressSummary.Count) -> String {
        self.text("book_count", ["completed": String(count.completed), "total": String(count.total)])
    }

    func minutes(_ minutes: Int) -> String { self.text("book_minutes", ["minutes": String(minutes)]) }

    func facts(_ part: PublishedPart) -> [String] {
        var facts = [self.text("book_tier", ["tier": part.tier]), self.text("book_layer", ["layer": part.layer])]
        if let start = part.weekStart {
            let end = part.weekEnd ?? start
            facts.append(
                start == end
                    ? self.text("book_week", ["week": String(start)])
                    : self.text("book_weeks", ["start": String(start), "end": String(end)]))
        }
        return facts
    }
}

/// Makes the tree.
private struct BookTreeMaker {
    private let marks: BookMarks
    private let words: BookWords
    private let chapters: [PublishedChapter]
    /// Chapters that have lessons.
    private let written: [PublishedChapter]

    init(_ book: PublishedBook, _ marks: BookMarks, _ words: BookWords) {
        self.marks = marks
        self.words = words
        self.chapters = book.parts.flatMap(\.chapters)
        self.written = self.chapters.filter { !$0.lessons.isEmpty }
    }

    func part(_ part: PublishedPart) -> BookPage.Part {
        BookPage.Part(
            number: part.number, label: self.words.text("book_part", ["number": String(part.number)]),
            title: part.title, facts: self.words.facts(part), chapters: part.chapters.map(self.chapter),
            isOpen: part.chapters.contains { !$0.lessons.isEmpty },
            partCount: self.marks.count(part: part.number).map(self.words.count))
    }

    private func chapter(_ chapter: PublishedChapter) -> BookPage.Chapter {
        let builtOn = self.builtOn(chapter)
        let minutes = chapter.lessons.map(\.estimatedMinutes).reduce(0, +)
        return BookPage.Chapter(
            number: chapter.number, title: chapter.title, builtOn: builtOn, hasBuiltOn: !builtOn.isEmpty,
            lessons: chapter.lessons.map(self.lesson), isWritten: !chapter.lessons.isEmpty,
            isOpen: self.isOpen(chapter), minutes: chapter.lessons.isEmpty ? nil : self.words.minutes(minutes),
            chapterCount: self.marks.count(chapter: chapter.number).map(self.words.count))
    }

    /// What a learner has behind them is folded; a book of many chapters begins folded.
    private func isOpen(_ chapter: PublishedChapter) -> Bool {
        if let current = self.marks.current, current.chapterNumber == chapter.number { return true }
        if self.written.count > 6 {
            return self.marks.current == nil && self.written.first?.number == chapter.number
        }
        return !self.marks.isCompleted(chapter: chapter.number)
    }

    private func builtOn(_ chapter: PublishedChapter) -> [BookPage.BuiltOn] {
        chapter.prerequisites.compactMap { number in
            self.chapters.first { $0.number == number }.map {
                BookPage.BuiltOn(
                    number: number, title: $0.title, isCompleted: self.marks.isCompleted(chapter: number))
            }
        }
    }

    private func lesson(_ lesson: PublishedLesson) -> BookPage.Lesson {
        let state = self.marks.state(lesson)
        return BookPage.Lesson(
            link: LessonLink(lesson), minutes: self.words.minutes(lesson.estimatedMinutes),
            isCompleted: state == .completed, isBegun: state == .inProgress,
            isCurrent: self.marks.current?.id == lesson.id)
    }
}
