import ContentHashing

/// By what rules a lesson's entry in the search index is made, and in which collection of the vector server it stands.
///
/// An entry made by other rules counts as missing, so a change of the model or of the chunking brings every lesson
/// into the index anew at the next sync.
public struct IndexRecipe: Hashable, Sendable {
    /// The embedding model's name.
    public let model: String
    /// The length of its vectors.
    public let dimension: Int
    /// The version of the chunking rules.
    public let chunking: String
    /// The collection's name: the prefix, the model and the dimension, in `[a-z0-9_]` and at most 63 characters.
    public let collection: String

    /// - Parameter collectionPrefix: tells installations apart that share a vector server.
    public init(collectionPrefix: String = "lectern", model: String, dimension: Int, chunking: String) {
        self.model = model
        self.dimension = dimension
        self.chunking = chunking
        let plain = "\(Self.word(collectionPrefix))_\(Self.word(model))"
        let name = "\(plain)_\(dimension)"
        // Two names that differ only in what the alphabet cannot say must not meet in one collection.
        if plain == "\(collectionPrefix)_\(model)", name.utf8.count <= 63 {
            self.collection = name
        } else {
            let mark = ContentHash(of: "\(collectionPrefix)\n\(model)").hex.prefix(8)
            self.collection = "\(plain.prefix(40))_\(mark)_\(dimension)"
        }
    }

    /// Equal for entries made by the same rules.
    package var fingerprint: String { "\(self.model)/\(self.dimension)/\(self.chunking)" }

    private static func word(_ text: String) -> String {
        String(text.lowercased().unicodeScalars.map { Self.isPlain($0) ? Character($0) : "_" })
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "0"..."9": true
        default: false
        }
    }
}
