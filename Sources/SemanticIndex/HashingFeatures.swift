/// What a text is made of, as hashed features with weights.
struct HashingFeatures {
    private var counts: [UInt64: (count: Int, weight: Double)] = [:]

    /// 1 + ln(n): the tenth mention of a word says less than the first. Written out, so that no machine's logarithm
    /// can differ.
    private static let dampened: [Double] = [
        0, 1, 1.693_147, 2.098_612, 2.386_294, 2.609_438, 2.791_759, 2.945_910, 3.079_442, 3.197_225, 3.302_585,
        3.397_895, 3.484_907, 3.564_949, 3.639_057, 3.708_050, 3.772_589,
    ]

    // Set on questions about the sample book, a word counting 1; what a word's parts weigh is for all of them together.
    private static let pairWeight = 0.2
    private static let gramWeight = 0.6

    init(_ text: String) {
        var previous: UInt64?
        for stem in TextNormalizer().stems(text) {
            let word = HashingFeatures.hash(stem.utf8, seed: 1)
            self.add(word, weight: 1)
            if let previous {
                self.add(HashingFeatures.mix(previous &* 31 &+ word), weight: HashingFeatures.pairWeight)
            }
            previous = word
            self.addGrams(of: stem)
        }
    }

    /// Features with their weights in an order that depends on nothing but the text.
    var weights: [(UInt64, Double)] {
        self.counts.sorted { $0.key < $1.key }.map { feature, entry in
            let dampened = HashingFeatures.dampened
            return (feature, entry.weight * dampened[min(entry.count, dampened.count - 1)])
        }
    }

    private mutating func add(_ feature: UInt64, weight: Double) {
        let count = self.counts[feature]?.count ?? 0
        self.counts[feature] = (count + 1, weight)
    }

    /// Parts of three characters of longer words: they meet where a word is misspelt or compounded.
    private mutating func addGrams(of stem: String) {
        let scalars = Array(stem.unicodeScalars)
        guard scalars.count > 3 else { return }
        let count = scalars.count - 2
        let weight = HashingFeatures.gramWeight / Double(count).squareRoot()
        for start in 0..<count {
            var hash: UInt64 = 3
            for scalar in scalars[start..<(start + 3)] {
                hash = HashingFeatures.mix(hash &* 0x0000_0100_0000_01B3 &+ UInt64(scalar.value))
            }
            self.add(hash, weight: weight)
        }
    }

    static func hash(_ bytes: some Sequence<UInt8>, seed: UInt64) -> UInt64 {
        var hash = 0xCBF2_9CE4_8422_2325 &+ seed
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return self.mix(hash)
    }

    static func mix(_ word: UInt64) -> UInt64 {
        var word = word
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
