import FoundationEssentials
import Textbook

/// The lessons that may be recommended, each kind by rank.
struct Candidates: Sendable {
    /// Ready and in an open layer. Where no layer with a ready lesson is open, the lowest of them counts as open, so that
    /// nobody is ever at a dead end.
    private(set) var next: [Recommender.Recommendation] = []
    /// The best lesson above the open layers.
    private(set) var stretch: Recommender.Recommendation?
    /// Completed lessons that are due, those first on which nothing completed builds, then the most faded.
    private(set) var reviews: [Recommender.Recommendation] = []

    /// Learners below this level are offered nothing above their layer.
    private static let leastStretchLevel = 2

    init(
        _ curriculum: Curriculum, _ standpoint: Standpoint, outlook: LearnerOutlook, ready: ReadySet, gate: LayerGate
    ) {
        let lessons = ready.lessons.filter(curriculum.counts)
        var open = lessons.filter { gate.admits(curriculum.part(of: $0).layer) }
        if open.isEmpty, let lowest = lessons.map({ curriculum.part(of: $0).layer.min }).min() {
            open = lessons.filter { curriculum.part(of: $0).layer.min == lowest }
        }
        let scoring = Scoring(curriculum, standpoint, outlook: outlook, ready: lessons)
        self.next = scoring.ranked(open, kind: .next)
        if outlook.level >= Self.leastStretchLevel {
            let isOpen = Set(open)
            self.stretch = scoring.ranked(lessons.filter { !isOpen.contains($0) }, kind: .stretch).first
        }
        self.reviews = Self.reviews(curriculum, standpoint)
    }

    private static func reviews(_ curriculum: Curriculum, _ standpoint: Standpoint) -> [Recommender.Recommendation] {
        let due = curriculum.lessons.indices.filter { lesson in
            guard curriculum.counts(lesson), let progress = standpoint.progress[lesson],
                progress.state == .completed
            else { return false }
            return progress.isOutdated(by: curriculum.lessons[lesson].chunks)
                || progress.schedule?.isDue(at: standpoint.now) ?? false
        }
        guard !due.isEmpty else { return [] }
        let hasCompleted = curriculum.chapters.indices.map { chapter in
            curriculum.lessonsOfChapter[chapter].contains { standpoint.isCompleted[$0] }
        }
        func isInner(_ lesson: Int) -> Bool {
            let chapter = curriculum.chapterOfLesson[lesson]
            let later = (lesson + 1)..<curriculum.lessonsOfChapter[chapter].upperBound
            return !later.contains { curriculum.counts($0) && standpoint.isCompleted[$0] }
                && !curriculum.graph.followers[chapter].contains { hasCompleted[$0] }
        }
        func recall(_ lesson: Int) -> Double {
            standpoint.progress[lesson]?.schedule?.recall(at: standpoint.now) ?? 0
        }
        let keyed = due.map { (lesson: $0, key: (isInner($0) ? 0 : 1, recall($0), $0)) }
        return keyed.sorted { $0.key < $1.key }.map {
            Recommender.Recommendation(lesson: $0.lesson, kind: .review, score: RecommendationScore())
        }
    }
}

/// Scores lessons for one learner.
private struct Scoring {
    private let curriculum: Curriculum
    private let standpoint: Standpoint
    private let outlook: LearnerOutlook
    /// By chapter: lessons that remain in it.
    private let remaining: [Int]
    /// The lesson to go on with in the chapter that is being read.
    private let nextLesson: Int?

    init(_ curriculum: Curriculum, _ standpoint: Standpoint, outlook: LearnerOutlook, ready: [Int]) {
        self.curriculum = curriculum
        self.standpoint = standpoint
        self.outlook = outlook
        var remaining = [Int](repeating: 0, count: curriculum.chapters.count)
        for lesson in standpoint.remaining { remaining[curriculum.chapterOfLesson[lesson]] += 1 }
        self.remaining = remaining
        self.nextLesson = standpoint.currentChapter.flatMap { chapter in
            ready.first { curriculum.chapterOfLesson[$0] == chapter }
        }
    }

    func ranked(_ lessons: [Int], kind: Recommender.Kind) -> [Recommender.Recommendation] {
        let scored = lessons.map { Recommender.Recommendation(lesson: $0, kind: kind, score: self.score($0)) }
        return scored.map { (value: $0, key: (-$0.score.total, $0.lesson)) }.sorted { $0.key < $1.key }.map(\.value)
    }

    private func score(_ lesson: Int) -> RecommendationScore {
        let value = self.curriculum.lessons[lesson]
        var score = RecommendationScore()
        if let progress = self.standpoint.progress[lesson] {
            score.begun = RecommendationScore.begun(self.standpoint.now.timeIntervalSince(progress.lastAt))
        }
        if lesson == self.nextLesson { score.next = RecommendationScore.next }
        if let best = value.fit.best(of: self.outlook.goals) { score.goal = RecommendationScore.goal(fit: best.fit) }
        score.opens = RecommendationScore.opens(self.opens(lesson), of: self.standpoint.remaining.count - 1)
        score.level = RecommendationScore.level(
            tier: self.curriculum.part(of: lesson).tier.rank, learner: self.outlook.level)
        if let usual = self.standpoint.usualSeconds, value.minutes * 60 <= usual {
            score.session = RecommendationScore.session
        }
        score.ignored = RecommendationScore.ignored(shown: self.standpoint.shown[lesson])
        return score
    }

    /// How many of the remaining lessons wait for this one, near and far.
    private func opens(_ lesson: Int) -> Int {
        let chapter = self.curriculum.chapterOfLesson[lesson]
        guard [.lesson, .lab].contains(self.curriculum.lessons[lesson].type) else { return 0 }
        let later = ((lesson + 1)..<self.curriculum.lessonsOfChapter[chapter].upperBound).count {
            self.curriculum.counts($0) && !self.standpoint.isCompleted[$0]
        }
        return self.curriculum.graph.followers[chapter].reduce(later) { $0 + self.remaining[$1] }
    }
}
