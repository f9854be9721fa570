import FoundationEssentials
import Learners
import Textbook

extension Recommender {
    /// Why a lesson is recommended, the weightiest reason first; never empty.
    public func reasons(for recommendation: Recommendation) -> [Reason] {
        let lesson = recommendation.lesson
        var reasons: [Reason]
        switch recommendation.kind {
        case .review: return [self.reviewReason(lesson)]
        case .stretch:
            let part = self.curriculum.part(of: lesson)
            reasons = [Reason(.stretch, ["layer": .text(part.layer.description), "part": .text(part.title)])]
        case .next: reasons = []
        }
        reasons += self.weighed(recommendation).filter { $0.points > 0 }
            // Sorting is by points, and by the order above where they are equal.
            .enumerated().sorted { (-$0.element.points, $0.offset) < (-$1.element.points, $1.offset) }
            .map(\.element.reason)
        if reasons.isEmpty { reasons = [Reason(.ready)] }
        if let skim = self.skimReason(lesson) { reasons.append(skim) }
        return reasons
    }

    private func weighed(_ recommendation: Recommendation) -> [(reason: Reason, points: Int)] {
        let lesson = recommendation.lesson
        let value = self.curriculum.lessons[lesson]
        let chapter = self.curriculum.chapter(of: lesson)
        let part = self.curriculum.part(of: lesson)
        let score = recommendation.score
        var weighed: [(reason: Reason, points: Int)] = [
            (self.continueReason(lesson), score.begun),
            (
                Reason(.nextInChapter, ["chapter": .number(chapter.number), "title": .text(chapter.title)]),
                score.next
            ),
        ]
        if let best = value.fit.best(of: self.outlook.goals) {
            weighed.append((Reason(.goal, ["goal": .text(best.goal.rawValue)]), score.goal))
        }
        weighed.append((Reason(.unlocks, ["lessons": .number(self.opened(by: score))]), score.opens))
        // A part two tiers away is no argument for the lesson, though it still counts a little.
        weighed.append(
            (Reason(.level, ["tier": .text(part.tier.rawValue)]), score.level >= 75_000 ? score.level : 0))
        weighed.append((Reason(.fitsSession, ["minutes": .number(value.minutes)]), score.session))
        return weighed
    }

    /// The count that the score's share stands for.
    private func opened(by score: RecommendationScore) -> Int {
        let others = self.standpoint.remaining.count - 1
        return (score.opens * others + 75_000) / 150_000
    }

    private func continueReason(_ lesson: Int) -> Reason {
        let value = self.curriculum.lessons[lesson]
        let whole = max(value.minutes * 60, 1)
        let spent = min(self.standpoint.progress[lesson]?.seconds ?? 0, whole)
        return Reason(
            .begun,
            [
                "title": .text(value.title), "percent": .number(min(spent * 100 / whole, 95)),
                "minutes": .number(max(1, (whole - spent + 59) / 60)),
            ])
    }

    private func reviewReason(_ lesson: Int) -> Reason {
        let progress = self.standpoint.progress[lesson]
        if progress?.isOutdated(by: self.curriculum.lessons[lesson].chunks) ?? false { return Reason(.updated) }
        let days = progress?.schedule?.days(at: self.standpoint.now) ?? 0
        return Reason(.reviewDue, ["days": .number(Int(days))])
    }

    /// Who programs well and knows robots may skim what stands below; the check at the chapter's end says whether that
    /// was right.
    private func skimReason(_ lesson: Int) -> Reason? {
        let tier = self.curriculum.part(of: lesson).tier.rank
        guard self.outlook.maySkim, tier < self.outlook.level, self.curriculum.lessons[lesson].type == .lesson
        else { return nil }
        return Reason(.skim, ["check": .text(self.curriculum.chapter(of: lesson).transitionCheck ?? "")])
    }

    /// Why a lesson is not among the first `limit` recommendations, or that it is.
    public func whyNot(_ lesson: Int, limit: Int) -> Reason {
        let list = self.list
        if let rank = list.firstIndex(where: { $0.lesson == lesson }) {
            return rank < limit
                ? Reason(.recommended, ["rank": .number(rank + 1)])
                : Reason(.ranked, ["rank": .number(rank + 1), "limit": .number(limit)])
        }
        guard self.curriculum.counts(lesson) else { return Reason(.landingPage) }
        if self.standpoint.isCompleted[lesson] { return Reason(.completed) }
        if let obstacle = self.ready.obstacle(of: lesson) { return self.reason(for: obstacle) }
        let chapter = self.curriculum.chapter(of: lesson)
        if self.candidates.next.contains(where: { $0.lesson == lesson }) {
            return Reason(.chapterFull, ["chapter": .number(chapter.number), "title": .text(chapter.title)])
        }
        return Reason(
            .layer,
            [
                "layer": .text(self.curriculum.part(of: lesson).layer.description),
                "open": .text("L\(min(self.gate.highestOpen, Layer.bounds.upperBound))"),
            ])
    }

    private func reason(for obstacle: ReadySet.Obstacle) -> Reason {
        switch obstacle {
        case .lesson(let other):
            let value = self.curriculum.lessons[other]
            return Reason(.needsLesson, ["title": .text(value.title), "slug": .text(value.slug)])
        case .chapter(let place, let done, let total):
            let chapter = self.curriculum.chapters[place]
            return Reason(
                .needsChapter,
                [
                    "chapter": .number(chapter.number), "title": .text(chapter.title), "done": .number(done),
                    "total": .number(total),
                ])
        case .missingChapter(let number):
            return Reason(.missingChapter, ["chapter": .number(number)])
        }
    }

    /// What to tell a learner for whom there is nothing new; `nil` where there is.
    public var emptiness: Reason? {
        switch self.state {
        case .learning: return nil
        case .complete: return Reason(.complete)
        case .contentPending(let place):
            let chapter = self.curriculum.chapters[place]
            return Reason(.contentPending, ["chapter": .number(chapter.number), "title": .text(chapter.title)])
        case .blocked(let lesson, let obstacle):
            var reason = Reason(.blocked, ["title": .text(self.curriculum.lessons[lesson].title)])
            if case .missingChapter(let number) = obstacle { reason.params["chapter"] = .number(number) }
            return reason
        }
    }
}
