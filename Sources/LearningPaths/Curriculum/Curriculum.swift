public import Textbook

/// What there is to learn, and in which order it may be learned: a published book as the recommendations see it.
///
/// Lessons, chapters and parts go by their place in the reading order, from 0.
public struct Curriculum: Sendable {
    /// A published lesson.
    public struct Lesson: Hashable, Sendable {
        /// The identity that outlives releases.
        public var id: String
        public var slug: String
        public var title: String
        public var type: LessonType
        /// Minutes of reading or work.
        public var minutes: Int
        /// XXH3-128 of the text.
        public var contentHash: String
        /// The first 32 bits of the MD5 of each chunk of the text; empty where it is not indexed.
        public var chunks: [Int32]
        /// How well the lesson serves each goal.
        public var fit: GoalFit

        /// A lesson from its fields.
        public init(
            id: String, slug: String, title: String, type: LessonType = .lesson, minutes: Int = 20,
            contentHash: String = "", chunks: [Int32] = [], fit: GoalFit = GoalFit()
        ) {
            self.id = id
            self.slug = slug
            self.title = title
            self.type = type
            self.minutes = minutes
            self.contentHash = contentHash
            self.chunks = chunks
            self.fit = fit
        }
    }

    /// A chapter; one without lessons is planned and not yet written.
    public struct Chapter: Hashable, Sendable {
        public var number: Int
        public var title: String
        /// Numbers of the chapters to finish first.
        public var prerequisites: [Int]
        /// What a learner should be able to do before moving on.
        public var transitionCheck: String?
        public var lessons: [Lesson]

        /// A chapter from its fields.
        public init(
            number: Int, title: String, prerequisites: [Int] = [], transitionCheck: String? = nil,
            lessons: [Lesson] = []
        ) {
            self.number = number
            self.title = title
            self.prerequisites = prerequisites
            self.transitionCheck = transitionCheck
            self.lessons = lessons
        }
    }

    /// A part: chapters at one level.
    public struct Part: Hashable, Sendable {
        public var number: Int
        public var title: String
        public var layer: Layer
        public var tier: Tier
        public var chapters: [Chapter]

        /// A part from its fields.
        public init(number: Int, title: String, layer: Layer, tier: Tier, chapters: [Chapter]) {
            self.number = number
            self.title = title
            self.layer = layer
            self.tier = tier
            self.chapters = chapters
        }
    }

    public let parts: [Part]
    /// Every chapter in reading order.
    public let chapters: [Chapter]
    /// Every lesson in reading order.
    public let lessons: [Lesson]

    /// By chapter: its part.
    let partOfChapter: [Int]
    /// By lesson: its chapter.
    let chapterOfLesson: [Int]
    /// By chapter: its lessons.
    let lessonsOfChapter: [Range<Int>]
    /// By chapter: how chapters depend on one another.
    let graph: ChapterGraph

    private let lessonByID: [String: Int]

    /// - Throws: ``CurriculumError`` when chapters wait for each other, with the chapters along the way.
    public init(parts: [Part]) throws(CurriculumError) {
        var chapters: [Chapter] = []
        var lessons: [Lesson] = []
        var partOfChapter: [Int] = []
        var chapterOfLesson: [Int] = []
        var lessonsOfChapter: [Range<Int>] = []
        for (part, value) in parts.enumerated() {
            for chapter in value.chapters {
                lessonsOfChapter.append(lessons.count..<(lessons.count + chapter.lessons.count))
                chapterOfLesson += chapter.lessons.map { _ in chapters.count }
                lessons += chapter.lessons
                chapters.append(chapter)
                partOfChapter.append(part)
            }
        }
        self.parts = parts
        self.chapters = chapters
        self.lessons = lessons
        self.partOfChapter = partOfChapter
        self.chapterOfLesson = chapterOfLesson
        self.lessonsOfChapter = lessonsOfChapter
        self.graph = try ChapterGraph(chapters)
        self.lessonByID = Dictionary(
            lessons.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The place of the lesson with this identity.
    public func lesson(id: String) -> Int? { self.lessonByID[id] }

    /// The chapter a lesson stands in.
    public func chapter(of lesson: Int) -> Chapter { self.chapters[self.chapterOfLesson[lesson]] }

    /// The part a lesson stands in.
    public func part(of lesson: Int) -> Part { self.parts[self.partOfChapter[self.chapterOfLesson[lesson]]] }

    /// Whether the lesson counts in progress; landing pages do not.
    func counts(_ lesson: Int) -> Bool { self.lessons[lesson].type != .index }
}

/// Why a book cannot be walked through.
public struct CurriculumError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The numbers of chapters that wait for each other; the first stands again at the end.
    public let cycle: [Int]

    /// The chapters with arrows between them.
    public var description: String {
        "chapters wait for each other: " + self.cycle.map(String.init).joined(separator: " -> ")
    }
}
