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

    init(_ situation: Situation, outlook: LearnerOutlook) {
        let scoring = Scoring(situation, outlook: outlook)
        self.next = scoring.ranked(situation.open, kind: .next)
        if outlook.level >= Self.leastStretchLevel {
            self.stretch = scoring.ranked(situation.above, kind: .stretch).first
        }
        self.reviews = situation.reviews
    }
}

/// Scores lessons for one learner.
private struct Scoring {
    private let situation: Situation
    private let outlook: LearnerOutlook

    init(_ situation: Situation, outlook: LearnerOutlook) {
        self.situation = situation
        self.outlook = outlook
    }

    func ranked(_ lessons: [Int], kind: Recommender.Kind) -> [Recommender.Recommendation] {
        let scored = lessons.map { Recommender.Recommendation(lesson: $0, kind: kind, score: self.score($0)) }
        return scored.map { (value: $0, key: (-$0.score.total, $0.lesson)) }.sorted { $0.key < $1.key }.map(\.value)
    }

    private func score(_ lesson: Int) -> RecommendationScore {
        let (curriculum, standpoint) = (self.situation.curriculum, self.situation.standpoint)
        let value = curriculum.lessons[lesson]
        var score = RecommendationScore()
        if let progress = standpoint.progress[lesson] {
            score.begun = RecommendationScore.begun(standpoint.now.timeIntervalSince(progress.lastAt))
        }
        if lesson == self.situation.nextLesson { score.next = RecommendationScore.next }
        if let best = value.fit.best(of: self.outlook.goals) { score.goal = RecommendationScore.goal(fit: best.fit) }
        score.opens = RecommendationScore.opens(
            self.situation.opens[lesson] ?? 0, of: standpoint.remaining.count - 1)
        score.level = RecommendationScore.level(
            tier: curriculum.part(of: lesson).tier.rank, learner: self.outlook.level)
        if let usual = standpoint.usualSeconds, value.minutes * 60 <= usual {
            score.session = RecommendationScore.session
        }
        score.ignored = RecommendationScore.ignored(shown: standpoint.shown[lesson])
        return score
    }
}
