/// Pseudo-random numbers (SplitMix64) that a seed repeats exactly.
public struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    public init(seed: UInt64) {
        self.state = seed
    }

    public mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var word = self.state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    public mutating func pick<T>(_ choices: [T]) -> T {
        choices[self.below(choices.count)]
    }

    /// A number from 0 to `bound` - 1.
    public mutating func below(_ bound: Int) -> Int {
        Int(self.next() % UInt64(bound))
    }
}
