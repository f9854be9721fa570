/// The body of `POST /embeddings`.
struct EmbeddingWireRequest: Encodable {
    var model: String
    var input: [String]
    var dimensions: Int?
    var encodingFormat = "float"

    private enum CodingKeys: String, CodingKey {
        case model, input, dimensions
        case encodingFormat = "encoding_format"
    }
}

struct EmbeddingWireAnswer: Decodable {
    var data: [Item]
    var usage: UsageWire?

    struct Item: Decodable {
        var index: Int
        var embedding: [Float]
    }

    /// The vectors in the order of the questions, each of length 1.
    func vectors(count: Int, dimension: Int) throws(LanguageModelError) -> [[Float]] {
        guard self.data.count == count else {
            throw LanguageModelError.malformed("the answer has \(self.data.count) vectors for \(count) texts")
        }
        var vectors: [[Float]] = Array(repeating: [], count: count)
        for item in self.data {
            guard vectors.indices.contains(item.index), vectors[item.index].isEmpty else {
                throw LanguageModelError.malformed("index \(item.index) is out of place in the answer")
            }
            guard item.embedding.count == dimension else {
                // A wrong model or setting: it would be the same next time.
                throw LanguageModelError(
                    code: .malformedAnswer,
                    message: "a vector has \(item.embedding.count) components instead of \(dimension)",
                    isTransient: false)
            }
            guard let vector = UnitVector.normalized(item.embedding) else {
                throw LanguageModelError.malformed("vector \(item.index) has no direction")
            }
            vectors[item.index] = vector
        }
        return vectors
    }
}
