/// One score out of two that are measured on different scales.
enum ScoreFusion {
    /// How many of a lesson's chunks speak for it.
    private static let chunksThatCount = 3

    /// Every candidate's score, from 0 to 1.
    ///
    /// Words score from 0, which is what a chunk without any of them has, so only the best is needed as a measure.
    /// Similarities never come near 0, so they are measured between the worst and the best of what was found.
    ///
    /// - Parameters:
    ///   - words: BM25 scores, all above 0.
    ///   - vectors: similarities; `nil` where there are none to be had, and the words decide alone.
    ///   - weight: the share of the vectors, from 0 to 1.
    ///   - factor: what is left of a candidate's similarity once it is measured, from 0 to 1.
    static func fused<Key: Hashable>(
        words: [Key: Double], vectors: [Key: Double]?, weight: Double, factor: (Key) -> Double = { _ in 1 }
    ) -> [Key: Double] {
        let best = words.values.max() ?? 0
        let words = words.mapValues { best > 0 ? $0 / best : 0 }
        guard let vectors else { return words }
        let low = vectors.values.min() ?? 0
        let width = (vectors.values.max() ?? 0) - low
        let weight = min(max(weight, 0), 1)
        var fused = words.mapValues { $0 * (1 - weight) }
        for (key, similarity) in vectors {
            fused[key, default: 0] += weight * factor(key) * (width > 0 ? (similarity - low) / width : 1)
        }
        return fused
    }

    /// The scores, lifted where other chunks of the same lesson score well too, and again from 0 to 1.
    ///
    /// What the best chunks of a lesson have together is measured by the lesson that has most. A question's words and
    /// their answer are often some paragraphs apart.
    ///
    /// - Parameters:
    ///   - scores: from 0 to 1.
    ///   - weight: what the best lesson adds to its chunks, 0 or more.
    static func lifted<Key: Hashable, Lesson: Hashable>(
        _ scores: [Key: Double], by lesson: (Key) -> Lesson, weight: Double
    ) -> [Key: Double] {
        guard weight > 0 else { return scores }
        let evidence = Dictionary(grouping: scores, by: { lesson($0.key) }).mapValues { chunks in
            chunks.map(\.value).sorted(by: >).prefix(self.chunksThatCount).reduce(0, +)
        }
        let most = evidence.values.max() ?? 0
        guard most > 0 else { return scores }
        var lifted = scores
        for (key, score) in scores {
            lifted[key] = (score + weight * (evidence[lesson(key)] ?? 0) / most) / (1 + weight)
        }
        return lifted
    }
}
