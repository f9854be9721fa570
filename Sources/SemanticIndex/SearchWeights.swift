/// How the parts of a search weigh against each other. The defaults were chosen on the gold sets, see docs/search.md.
public struct SearchWeights: Sendable, Hashable {
    /// The share of the vectors in the score, from 0 to 1; the rest is the words'.
    public var vectors = 0.4
    /// What is left of the score of a chunk in a section that every lesson has alike.
    public var frameSections = 0.5
    /// BM25's k1: how soon further mentions of a word stop to count.
    public var saturation = 1.2
    /// BM25's b: how much a long chunk has to have more mentions, from 0 to 1.
    public var lengthNormalization = 0.4

    /// The defaults.
    public init() {}
}
