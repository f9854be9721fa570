public import LanguageModels

/// An embedding model that needs no network and no weights: words, pairs of words and parts of words, each hashed to
/// a few signed places of the vector.
///
/// Texts that share words, also inflected or misspelt ones, come out near to each other; it knows no synonyms.
/// The same text gives the same vector on every machine.
public struct HashingEmbedder: EmbeddingModel {
    /// The name tells size and version; vectors of another version are not comparable.
    public let name = "lectern-hashing-512-v1"
    /// The length of every vector.
    public let dimension = 512

    /// Text beyond this many bytes does not count.
    private static let maximumBytes = 64 * 1024

    /// An embedder.
    public init() {}

    /// One vector of length 1 for each text. Throws only `CancellationError`.
    public func embed(_ texts: [String]) async throws -> [[Float]] {
        try texts.map { text in
            try Task.checkCancellation()
            return self.vector(of: text)
        }
    }

    /// The vector of one text. A text without words has a vector as well, which is near to none.
    public func vector(of text: String) -> [Float] {
        var sums = [Double](repeating: 0, count: self.dimension)
        let text =
            text.utf8.count > HashingEmbedder.maximumBytes
            ? String(decoding: text.utf8.prefix(HashingEmbedder.maximumBytes), as: UTF8.self) : text
        for (feature, weight) in HashingFeatures(text).weights {
            HashingEmbedder.add(feature, weight: weight, to: &sums)
        }
        var square = sums.reduce(0) { $0 + $1 * $1 }
        if square == 0 {
            sums[0] = 1
            square = 1
        }
        let scale = 1 / square.squareRoot()
        return sums.map { Float($0 * scale) }
    }

    /// Spreads a feature over four places, so that two features hardly ever fall together entirely.
    private static func add(_ feature: UInt64, weight: Double, to sums: inout [Double]) {
        let share = weight / 2
        var hash = HashingFeatures.mix(feature)
        for _ in 0..<4 {
            sums[Int(hash % UInt64(sums.count))] += hash >> 63 == 0 ? share : -share
            hash = HashingFeatures.mix(hash &+ 0x9E37_79B9_7F4A_7C15)
        }
    }
}
