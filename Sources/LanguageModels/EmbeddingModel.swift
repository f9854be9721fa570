/// A model that places texts in a space where what is near means alike.
public protocol EmbeddingModel: Sendable {
    /// Which model; vectors of different models are not comparable.
    var name: String { get }
    /// The length of every vector.
    var dimension: Int { get }

    /// One vector of length 1 (L2) for each text, in the order of the texts. Throws ``LanguageModelError``,
    /// and what its ``ModelLimits`` throw.
    func embed(_ texts: [String]) async throws -> [[Float]]
}

/// Vectors of length 1, for which the dot product is the cosine.
enum UnitVector {
    /// `nil` for what has no direction: zero, or with a component that is no number.
    static func normalized(_ vector: [Float]) -> [Float]? {
        // Summed in Double: squares of large components exceed Float.
        let square = vector.reduce(into: 0.0) { $0 += Double($1) * Double($1) }
        guard square.isFinite, square > 0 else { return nil }
        let scale = 1 / square.squareRoot()
        return vector.map { Float(Double($0) * scale) }
    }
}
