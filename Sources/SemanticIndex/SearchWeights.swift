public import LanguageModels

/// How the parts of a search weigh against each other. The defaults were chosen on the gold sets, see docs/search.md.
public struct SearchWeights: Sendable, Hashable {
    /// The share of the vectors in the score, from 0 to 1; the rest is the words'.
    public var vectors = 0.4
    /// What the other good chunks of a lesson add to each of its chunks, measured in the score of the best chunk.
    public var lesson = 0.3
    /// What is left of the score of a chunk in a section that every lesson has alike.
    public var frameSections = 0.3
    /// BM25's k1: how soon further mentions of a word stop to count.
    public var saturation = 0.9
    /// BM25's b: how much a long chunk has to have more mentions, from 0 to 1.
    public var lengthNormalization = 0.3
    /// The power that BM25's rareness of a word is raised to. Below 1 a word counts less for being rare: in one book a
    /// word is often rare by chance.
    public var rareness = 0.75

    /// The defaults.
    public init() {}

    /// The defaults for an embedding model. The hashing embedder knows little more than the words themselves, so its vectors
    /// only break ties.
    public init(for model: any EmbeddingModel) {
        if model is HashingEmbedder { self.vectors = 0.1 }
    }

    /// The same with another share of the vectors, in percent, where one is given.
    public init(for model: any EmbeddingModel, vectorPercent: Int?) {
        self.init(for: model)
        if let vectorPercent { self.vectors = Double(vectorPercent) / 100 }
    }
}
