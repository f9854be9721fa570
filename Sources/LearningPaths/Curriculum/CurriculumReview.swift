import Learners
public import Textbook

/// What authors should know of a book as something to learn from, before readers see it.
public struct CurriculumReview: Sendable {
    private let words: GoalWords

    /// - Throws: ``PathError`` when the installation lacks a file.
    public init() throws(PathError) {
        self.words = try .bundled()
    }

    /// A book that leaves any learner at a dead end must not be published; a goal that no learner can have is a slip.
    public func findings(of book: Book) -> [Finding] {
        self.unknownGoals(in: book) + self.deadEnds(in: book)
    }

    private func unknownGoals(in book: Book) -> [Finding] {
        let known = LearningGoal.allCases.map(\.rawValue)
        return book.lessons.flatMap { lesson in
            lesson.goals.filter { !known.contains($0) }.map { goal in
                Finding(
                    .warning, .unknownGoal, file: lesson.sourcePath, line: 1,
                    message: "the front matter names the goal \(goal), which learners cannot choose",
                    advice: "use some of \(known.joined(separator: ", "))")
            }
        }
    }

    private func deadEnds(in book: Book) -> [Finding] {
        let curriculum: Curriculum
        do {
            curriculum = try Curriculum(book, words: self.words)
        } catch {
            return [
                Finding(
                    .error, .prerequisiteCycle, file: "", message: error.description,
                    advice: "remove one of these prerequisites")
            ]
        }
        guard let end = PathWalk(curriculum).deadEnd, let first = end.unreachable.first else { return [] }
        let lesson = book.lessons[first]
        let others = end.unreachable.count > 1 ? " and \(end.unreachable.count - 1) more" : ""
        return [
            Finding(
                .error, .deadEnd, file: lesson.sourcePath,
                message: "no way through the book leads to the lesson \(lesson.slug)\(others)"
                    + (end.obstacle.map { ": " + curriculum.text($0) } ?? ""),
                advice: "look at the prerequisites of its chapter")
        ]
    }
}

extension Curriculum {
    /// What stands in the way, for authors.
    fileprivate func text(_ obstacle: ReadySet.Obstacle) -> String {
        switch obstacle {
        case .lesson(let lesson): "it waits for \(self.lessons[lesson].slug)"
        case .chapter(let chapter, let done, let total):
            "it waits for chapter \(self.chapters[chapter].number), of which \(done) of \(total) lessons can be done"
        case .missingChapter(let number): "it waits for chapter \(number), which the book lacks"
        }
    }

    /// A book that is not published yet. Its texts are not indexed, so headings say nothing of goals here.
    init(_ book: Book, words: GoalWords) throws(CurriculumError) {
        try self.init(
            parts: book.parts.map { part in
                Part(
                    number: part.number, title: part.title, layer: part.layer, tier: part.tier,
                    chapters: part.chapters.map { chapter in
                        Chapter(
                            number: chapter.number, title: chapter.title, prerequisites: chapter.prerequisites,
                            transitionCheck: chapter.transitionCheck,
                            lessons: chapter.lessons.map { lesson in
                                Lesson(
                                    id: lesson.slug, slug: lesson.slug, title: lesson.title, type: lesson.type,
                                    minutes: lesson.estimatedMinutes,
                                    fit: words.fit(
                                        tags: lesson.goals, title: lesson.title, headings: [], type: lesson.type,
                                        minutes: lesson.estimatedMinutes))
                            })
                    })
            })
    }
}
