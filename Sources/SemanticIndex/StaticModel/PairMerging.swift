/// Merges neighbouring tokens by rank, the lowest first and among equals the leftmost, until no rule applies.
///
/// The candidates wait in a heap, so the time grows with n·log n, however the text was made.
struct PairMerging {
    /// A rule: the pair it joins, its rank and the token that comes of it.
    struct Rules: Sendable {
        private var results: [UInt64: UInt64] = [:]

        mutating func reserveCapacity(_ count: Int) { self.results.reserveCapacity(count) }

        /// Of two rules for one pair the later counts.
        mutating func add(_ left: UInt32, _ right: UInt32, rank: UInt32, result: UInt32) {
            self.results[UInt64(left) << 32 | UInt64(right)] = UInt64(rank) << 32 | UInt64(result)
        }

        /// Rank and resulting token, in the upper and the lower half of the number.
        fileprivate func result(_ left: UInt32, _ right: UInt32) -> UInt64? {
            self.results[UInt64(left) << 32 | UInt64(right)]
        }
    }

    private let rules: Rules
    /// The token that begins at each place; places that were merged into their left neighbour are passed over.
    private var tokens: [UInt32]
    private var next: [Int32]
    private var previous: [Int32]
    /// What merging with the right neighbour would give, as ``Rules`` says it; ``none`` where there is no rule.
    private var pending: [UInt64]
    /// Ranks with places, as a binary heap. Candidates that ``pending`` no longer agrees with are dropped when they come.
    private var heap: [UInt64] = []

    private static let none = UInt64.max

    /// The tokens that are left of `tokens`.
    static func merged(_ tokens: [UInt32], by rules: Rules) -> [UInt32] {
        guard tokens.count > 1 else { return tokens }
        var merging = PairMerging(tokens, rules)
        merging.run()
        var result: [UInt32] = []
        result.reserveCapacity(tokens.count / 2)
        var place = 0
        while place >= 0 {
            result.append(merging.tokens[place])
            place = Int(merging.next[place])
        }
        return result
    }

    private init(_ tokens: [UInt32], _ rules: Rules) {
        self.rules = rules
        self.tokens = tokens
        self.next = tokens.indices.map { $0 + 1 < tokens.count ? Int32($0 + 1) : -1 }
        self.previous = tokens.indices.map { Int32($0) - 1 }
        self.pending = [UInt64](repeating: Self.none, count: tokens.count)
        self.heap.reserveCapacity(tokens.count)
        for place in tokens.indices { self.consider(place) }
    }

    private mutating func run() {
        while let candidate = self.pop() {
            let place = Int(candidate & 0xFFFF_FFFF)
            let pending = self.pending[place]
            guard pending >> 32 == candidate >> 32 else { continue }
            let gone = Int(self.next[place])
            let after = self.next[gone]
            self.tokens[place] = UInt32(truncatingIfNeeded: pending)
            self.pending[gone] = Self.none
            self.next[place] = after
            if after >= 0 { self.previous[Int(after)] = Int32(place) }
            self.consider(place)
            if self.previous[place] >= 0 { self.consider(Int(self.previous[place])) }
        }
    }

    /// Looks for a rule that joins the token at a place with its right neighbour.
    private mutating func consider(_ place: Int) {
        let right = self.next[place]
        guard right >= 0, let result = self.rules.result(self.tokens[place], self.tokens[Int(right)]) else {
            self.pending[place] = Self.none
            return
        }
        self.pending[place] = result
        self.push((result >> 32) << 32 | UInt64(place))
    }

    private mutating func push(_ candidate: UInt64) {
        var child = self.heap.count
        self.heap.append(candidate)
        while child > 0 {
            let parent = (child - 1) / 2
            guard candidate < self.heap[parent] else { break }
            self.heap[child] = self.heap[parent]
            child = parent
        }
        self.heap[child] = candidate
    }

    private mutating func pop() -> UInt64? {
        guard let first = self.heap.first, let last = self.heap.popLast() else { return nil }
        guard !self.heap.isEmpty else { return first }
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < self.heap.count else { break }
            if child + 1 < self.heap.count, self.heap[child + 1] < self.heap[child] { child += 1 }
            guard self.heap[child] < last else { break }
            self.heap[parent] = self.heap[child]
            parent = child
        }
        self.heap[parent] = last
        return first
    }
}
