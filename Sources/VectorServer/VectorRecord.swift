public import MCP

/// A record as its owner gives it or gets it back.
public struct VectorRecord: Hashable, Sendable {
    /// The record's name in its collection.
    public var id: String
    /// As many numbers as the collection has dimensions. Kept scaled to length 1.
    public var vector: [Double]
    /// What filters look at.
    public var metadata: [String: JSONValue]
    /// Any text that belongs to the record.
    public var text: String?

    public init(id: String, vector: [Double], metadata: [String: JSONValue] = [:], text: String? = nil) {
        self.id = id
        self.vector = vector
        self.metadata = metadata
        self.text = text
    }
}

/// A record that a search found.
public struct VectorMatch: Hashable, Sendable {
    /// The record's name.
    public let id: String
    /// Cosine similarity with the vector asked for, from -1 to 1.
    public let score: Double
    /// The record's metadata.
    public let metadata: [String: JSONValue]
    /// The record's text.
    public let text: String?
}

/// The bounds of a vector store.
public struct VectorLimits: Hashable, Sendable {
    /// Numbers in a vector.
    public var maximumDimension = 4096
    /// Records in one call.
    public var maximumRecordsPerCall = 5000
    /// One record's metadata as compact JSON, in bytes.
    public var maximumMetadataBytes = 16 << 10
    /// One record's text in bytes of UTF-8.
    public var maximumTextBytes = 256 << 10
    /// Collections.
    public var maximumCollections = 256
    /// Memory for all records, in bytes, as the store estimates it.
    public var maximumMemoryBytes = 4 << 30
    /// Records that may be superseded or deleted before a collection's log is written anew; at least as many as live.
    public var compactionThreshold = 4096

    public init() {}
}

/// A record that was checked and normalised, ready to be stored.
struct PreparedRecord: Hashable, Sendable {
    let id: RecordID
    let vector: [Float]
    let payload: RecordPayload
}

/// What a record carries besides its vector.
struct RecordPayload: Hashable, Sendable {
    let metadata: [String: JSONValue]
    let text: String?
    /// Bytes of the metadata's JSON and of the text, the measure of its memory.
    let bytes: Int
}
