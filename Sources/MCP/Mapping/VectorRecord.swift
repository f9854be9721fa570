/// A vector with what belongs to it.
public struct VectorRecord: Hashable, Sendable {
    /// The record's name, a UUID.
    public var id: String
    /// The vector; its length is the collection's dimension.
    public var vector: [Float]
    /// What searches can filter by.
    public var metadata: [String: JSONValue]
    /// The text that the vector stands for; servers that embed by themselves need it.
    public var text: String?

    /// A record by its parts.
    public init(id: String, vector: [Float], metadata: [String: JSONValue] = [:], text: String? = nil) {
        self.id = id
        self.vector = vector
        self.metadata = metadata
        self.text = text
    }
}

/// A record that a search found.
public struct VectorMatch: Hashable, Sendable {
    /// The record's name.
    public var id: String
    /// Cosine similarity, -1…1, higher is better.
    public var score: Double
    public var metadata: [String: JSONValue]
    /// The record's text, where the server gives it.
    public var text: String?

    /// A match by its parts.
    public init(id: String, score: Double, metadata: [String: JSONValue] = [:], text: String? = nil) {
        self.id = id
        self.score = score
        self.metadata = metadata
        self.text = text
    }
}
