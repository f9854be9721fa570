public import FoundationEssentials
public import Learners

/// What is known of one learner, at one moment.
public struct LearnerRecord: Sendable {
    /// The moment.
    public var now: Date
    /// The answers; `nil` before onboarding.
    public var profile: LearnerProfile?
    /// By the lesson's identity.
    public var progress: [String: LessonProgress]
    /// By the lesson's identity: how often it was recommended since it was last opened.
    public var shown: [String: Int]

    /// A record from its fields.
    public init(
        now: Date, profile: LearnerProfile?, progress: [String: LessonProgress] = [:], shown: [String: Int] = [:]
    ) {
        self.now = now
        self.profile = profile
        self.progress = progress
        self.shown = shown
    }
}

/// A learner's record laid beside a curriculum.
struct Standpoint: Sendable {
    let now: Date
    /// By lesson.
    let progress: [LessonProgress?]
    /// By lesson.
    let shown: [Int]
    /// By lesson.
    let isCompleted: [Bool]
    /// Lessons that count and are not completed.
    let remaining: [Int]
    /// The chapter of the lesson that the learner was last heard of in.
    let currentChapter: Int?
    /// Seconds that the learner usually spends on a lesson; known after three lessons.
    let usualSeconds: Int?

    init(_ curriculum: Curriculum, _ record: LearnerRecord) {
        let progress = curriculum.lessons.map { record.progress[$0.id] }
        let isCompleted = progress.map { $0?.state == .completed }
        self.now = record.now
        self.progress = progress
        self.shown = curriculum.lessons.map { record.shown[$0.id] ?? 0 }
        self.isCompleted = isCompleted
        self.remaining = curriculum.lessons.indices.filter { curriculum.counts($0) && !isCompleted[$0] }
        var latest: (at: Date, lesson: Int)?
        for (lesson, progress) in progress.enumerated() {
            guard let progress, progress.lastAt >= latest?.at ?? .distantPast else { continue }
            latest = (progress.lastAt, lesson)
        }
        self.currentChapter = latest.map { curriculum.chapterOfLesson[$0.lesson] }
        // A page that was left open over lunch says nothing, so no lesson counts for more than two hours.
        let times = progress.compactMap { $0 }.map { min($0.seconds, 7_200) }.filter { $0 > 0 }
        self.usualSeconds = times.count < 3 ? nil : times.reduce(0, +) / times.count
    }
}
