/// Which of the candidates are shown: the best first, but no lesson fills the list while others have something.
enum SearchSelection {
    /// How many of the places one lesson has: half of them, and of few places three.
    private static func perLesson(_ limit: Int) -> Int { max(3, (limit + 1) / 2) }

    /// - Parameter candidates: the best first.
    static func select(_ candidates: [SearchResult], limit: Int) -> [SearchResult] {
        let (chosen, passed) = self.split(candidates, limit: limit)
        let missing = max(0, limit - chosen.count)
        // What was passed over comes back only where nothing else is left.
        return (chosen.prefix(limit) + passed.prefix(missing)).sorted(by: self.isBetter)
    }

    /// How many of the candidates stand within their lesson's share of so many places.
    static func shareCount(_ candidates: [SearchResult], limit: Int) -> Int {
        self.split(candidates, limit: limit).chosen.count
    }

    /// Better scores first. Ties by place, so that the same search always gives the same list.
    static func isBetter(_ left: SearchResult, _ right: SearchResult) -> Bool {
        if left.score != right.score { return left.score > right.score }
        return (left.lessonSlug, left.chunkIndex) < (right.lessonSlug, right.chunkIndex)
    }

    private static func split(
        _ candidates: [SearchResult], limit: Int
    ) -> (chosen: [SearchResult], passed: [SearchResult]) {
        let share = self.perLesson(limit)
        var perLesson: [String: Int] = [:]
        var chosen: [SearchResult] = []
        var passed: [SearchResult] = []
        for candidate in candidates {
            perLesson[candidate.lessonSlug, default: 0] += 1
            if perLesson[candidate.lessonSlug, default: 0] <= share {
                chosen.append(candidate)
            } else {
                passed.append(candidate)
            }
        }
        return (chosen, passed)
    }
}
