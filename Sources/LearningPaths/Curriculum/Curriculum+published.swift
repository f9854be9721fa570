import Textbook
import TextbookSync

extension Curriculum {
    /// What the search index knows of a lesson's text.
    struct IndexedText: Hashable, Sendable {
        var headings: [String] = []
        var chunks: [Int32] = []
    }

    /// A published book as a curriculum.
    /// - Parameter texts: by the lesson's identity.
    /// - Throws: ``PathError`` for a book that no sync lets pass.
    init(_ book: PublishedBook, texts: [String: IndexedText], words: GoalWords) throws(PathError) {
        var parts: [Part] = []
        for part in book.parts {
            guard let layer = Layer(part.layer), let tier = Tier(part.tier) else {
                throw PathError(.corruptRow, "Part \(part.number) has no known layer or tier.")
            }
            var chapters: [Chapter] = []
            for chapter in part.chapters {
                var lessons: [Lesson] = []
                for lesson in chapter.lessons {
                    lessons.append(try Lesson(lesson, text: texts[lesson.id] ?? IndexedText(), words: words))
                }
                chapters.append(
                    Chapter(
                        number: chapter.number, title: chapter.title, prerequisites: chapter.prerequisites,
                        transitionCheck: chapter.transitionCheck, lessons: lessons))
            }
            parts.append(
                Part(number: part.number, title: part.title, layer: layer, tier: tier, chapters: chapters))
        }
        do {
            try self.init(parts: parts)
        } catch {
            throw PathError(.corruptRow, "In the published book \(error.description).")
        }
    }
}

extension Curriculum.Lesson {
    fileprivate init(
        _ lesson: PublishedLesson, text: Curriculum.IndexedText, words: GoalWords
    ) throws(PathError) {
        guard let type = LessonType(rawValue: lesson.type) else {
            throw PathError(.corruptRow, "Lesson \(lesson.slug) has no known type.")
        }
        self.init(
            id: lesson.id, slug: lesson.slug, title: lesson.title, type: type, minutes: lesson.estimatedMinutes,
            contentHash: lesson.contentHash, chunks: text.chunks,
            fit: words.fit(
                tags: lesson.goals, title: lesson.title, headings: text.headings, type: type,
                minutes: lesson.estimatedMinutes))
    }
}
