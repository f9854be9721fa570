import Textbook

/// The lessons a learner can take next: not completed, and everything they build on is.
///
/// Inside a chapter lessons come one after the other, a lab after all lessons, a summary after lessons and labs; the
/// summary in a chapter of its own comes after the whole part. Landing pages and summaries stand in nobody's way.
/// Whatever is completed more, no lesson leaves the set but the completed one.
public struct ReadySet: Sendable {
    /// In reading order.
    public let lessons: [Int]

    private let curriculum: Curriculum
    private let isCompleted: [Bool]
    /// By chapter: how many of its required lessons are completed.
    private let completed: [Int]

    /// What stands in the way of a lesson.
    public enum Obstacle: Hashable, Sendable {
        /// Another lesson comes first.
        case lesson(Int)
        /// Another chapter comes first, by its place.
        case chapter(Int, done: Int, total: Int)
        /// The book lacks the chapter with this number.
        case missingChapter(number: Int)
    }

    /// - Parameter isCompleted: by lesson.
    public init(_ curriculum: Curriculum, isCompleted: [Bool]) {
        self.curriculum = curriculum
        self.isCompleted = isCompleted
        self.completed = curriculum.graph.required.map { $0.count { isCompleted[$0] } }
        var lessons: [Int] = []
        for chapter in curriculum.chapters.indices
        where Self.obstacle(of: chapter, curriculum, completed: self.completed) == nil {
            for lesson in curriculum.lessonsOfChapter[chapter] where !isCompleted[lesson] {
                if Self.obstacle(inside: chapter, of: lesson, curriculum, isCompleted: isCompleted) == nil {
                    lessons.append(lesson)
                }
            }
        }
        self.lessons = lessons
    }

    /// The first thing that stands in the way of a lesson; `nil` where nothing does.
    public func obstacle(of lesson: Int) -> Obstacle? {
        let chapter = self.curriculum.chapterOfLesson[lesson]
        return Self.obstacle(of: chapter, self.curriculum, completed: self.completed)
            ?? Self.obstacle(inside: chapter, of: lesson, self.curriculum, isCompleted: self.isCompleted)
    }

    private static func obstacle(of chapter: Int, _ curriculum: Curriculum, completed: [Int]) -> Obstacle? {
        if let number = curriculum.graph.missing[chapter].first { return .missingChapter(number: number) }
        for needed in curriculum.graph.needs[chapter] {
            let total = curriculum.graph.required[needed].count
            if completed[needed] < total { return .chapter(needed, done: completed[needed], total: total) }
        }
        return nil
    }

    private static func obstacle(
        inside chapter: Int, of lesson: Int, _ curriculum: Curriculum, isCompleted: [Bool]
    ) -> Obstacle? {
        let required = curriculum.graph.required[chapter]
        func first(_ isNeeded: (Int) -> Bool) -> Obstacle? {
            required.first { !isCompleted[$0] && isNeeded($0) }.map(Obstacle.lesson)
        }
        switch curriculum.lessons[lesson].type {
        case .index: return nil
        case .lesson: return first { $0 < lesson && curriculum.lessons[$0].type == .lesson }
        case .lab: return first { curriculum.lessons[$0].type == .lesson }
        case .summary:
            guard required.isEmpty else { return first { _ in true } }
            let part = curriculum.partOfChapter[chapter]
            for other in curriculum.chapters.indices where curriculum.partOfChapter[other] == part {
                if let open = curriculum.graph.required[other].first(where: { !isCompleted[$0] }) {
                    return .lesson(open)
                }
            }
            return nil
        }
    }
}
