extension CollectionState {
    /// The `limit` records most similar to `vector`, which has length 1: best first, ties in the order of ids.
    ///
    /// The filter is asked only of records that are similar enough to enter the result.
    func search(
        _ vector: [Float], limit: Int, filter: MetadataFilter?, minimumScore: Double?
    ) -> [VectorMatch] {
        var best = BestMatches(limit: limit)
        let floor = minimumScore.map { Float($0) } ?? -.infinity
        let dimension = self.dimension
        vector.withUnsafeBufferPointer { query in
            guard let query = query.baseAddress else { return }
            for segment in self.segments {
                segment.vectors.withUnsafeBufferPointer { vectors in
                    guard let base = vectors.baseAddress else { return }
                    var row = 0
                    for word in segment.live {
                        var bits = word
                        while bits != 0 {
                            let current = row + bits.trailingZeroBitCount
                            bits &= bits - 1
                            let score = dotProduct(base + current * dimension, query, count: dimension)
                            guard score >= floor, score >= best.threshold else { continue }
                            let entry = segment.rows[current]
                            if let filter, !filter.matches(entry.payload.metadata) { continue }
                            best.insert(score: score, row: entry)
                        }
                        row += 64
                    }
                }
            }
        }
        return best.sorted().map { score, row in
            VectorMatch(
                // Rounding can carry the product of two unit vectors past 1.
                id: row.id.text, score: Double(max(-1, min(1, score))), metadata: row.payload.metadata,
                text: row.payload.text)
        }
    }

    /// The ids of all records that the filter lets pass.
    func ids(matching filter: MetadataFilter) -> [RecordID] {
        var ids: [RecordID] = []
        self.forEach { if filter.matches($0.payload.metadata) { ids.append($0.id) } }
        return ids
    }

    /// How many records the filter lets pass.
    func count(matching filter: MetadataFilter) -> Int {
        var count = 0
        self.forEach { if filter.matches($0.payload.metadata) { count += 1 } }
        return count
    }
}

/// The best matches so far, at most `limit` of them: a heap with the worst on top.
struct BestMatches {
    private let limit: Int
    private var heap: [(score: Float, row: CollectionState.Row)] = []

    init(limit: Int) {
        self.limit = limit
    }

    /// A score below this cannot enter any more.
    var threshold: Float {
        self.heap.count < self.limit ? -.infinity : self.heap[0].score
    }

    private static func isWorse(
        _ left: (score: Float, row: CollectionState.Row), _ right: (score: Float, row: CollectionState.Row)
    ) -> Bool {
        left.score != right.score ? left.score < right.score : right.row.id < left.row.id
    }

    mutating func insert(score: Float, row: CollectionState.Row) {
        let match = (score: score, row: row)
        if self.heap.count < self.limit {
            self.heap.append(match)
            var child = self.heap.count - 1
            while child > 0, Self.isWorse(self.heap[child], self.heap[(child - 1) / 2]) {
                self.heap.swapAt(child, (child - 1) / 2)
                child = (child - 1) / 2
            }
        } else if let worst = self.heap.first, Self.isWorse(worst, match) {
            self.heap[0] = match
            self.siftDown()
        }
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var worst = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < self.heap.count && Self.isWorse(self.heap[child], self.heap[worst]) {
                worst = child
            }
            guard worst != parent else { return }
            self.heap.swapAt(parent, worst)
            parent = worst
        }
    }

    /// Best first.
    func sorted() -> [(score: Float, row: CollectionState.Row)] {
        self.heap.sorted { Self.isWorse($1, $0) }
    }
}
