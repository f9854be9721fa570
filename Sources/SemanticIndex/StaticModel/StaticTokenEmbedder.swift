import ContentHashing
public import LanguageModels

/// An embedding model without a network: each token of the vocabulary has a vector, and a text's is their mean.
///
/// The vectors were learned, so texts come near to each other that say alike in other words; the order of the words
/// does not count. The same text gives the same vector on every machine.
public struct StaticTokenEmbedder: EmbeddingModel {
    /// Ends with a mark of the files, because vectors made with other files are not comparable.
    public let name: String
    /// The length of every vector.
    public let dimension: Int

    private let tokenizer: BytePairTokenizer
    private let table: TokenTable

    /// What the files are called, as the package they come from calls them.
    package static let tableName = "l2_supercat_256.safetensors"
    package static let tokenizerName = "l2_supercat_tokenizer_config.json"

    /// Loads the model from the folder that `Deploy/fetch-model` filled.
    public init(folder: String) throws(StaticModelError) {
        let paths = (tokenizer: "\(folder)/\(Self.tokenizerName)", table: "\(folder)/\(Self.tableName)")
        let text = try ModelFile.bytes(of: paths.tokenizer, limit: BytePairTokenizer.maximumFileBytes)
        let numbers = try ModelFile.bytes(of: paths.table, limit: TokenTable.maximumFileBytes)
        let tokenizer: BytePairTokenizer
        do throws(StaticModelError) {
            tokenizer = try BytePairTokenizer(json: text)
        } catch {
            throw error.inFile(paths.tokenizer)
        }
        let table: TokenTable
        do throws(StaticModelError) {
            table = try TokenTable(safetensors: numbers)
        } catch {
            throw error.inFile(paths.table)
        }
        guard tokenizer.tokenCount == table.rows else {
            throw StaticModelError(
                .mismatched, "it has \(table.rows) vectors for the \(tokenizer.tokenCount) tokens of the tokenizer",
                path: paths.table)
        }
        var hasher = ContentHasher()
        hasher.update(text)
        hasher.update(numbers)
        self.tokenizer = tokenizer
        self.table = table
        self.dimension = table.dimension
        self.name = "wordllama-l2-supercat-\(table.dimension)-\(hasher.finalize().hex.prefix(8))"
    }

    /// One vector of length 1 for each text. Throws only `CancellationError`.
    public func embed(_ texts: [String]) async throws -> [[Float]] {
        try texts.map { text in
            try Task.checkCancellation()
            return self.vector(of: text)
        }
    }

    /// The vector of one text. A text without words has a vector as well, which means nothing.
    public func vector(of text: String) -> [Float] {
        // Dividing by the number of tokens would only change the length, which becomes 1 in the end.
        var sums = self.table.sum(of: self.tokenizer.tokens(of: text))
        let square = sums.reduce(into: 0.0) { $0 += Double($1) * Double($1) }
        guard square > 0 else {
            sums[0] = 1
            return sums
        }
        let scale = 1 / square.squareRoot()
        return sums.map { Float(Double($0) * scale) }
    }

    /// The tokens of a text, for comparison with other tokenizers.
    package func tokens(of text: String) -> [UInt32] { self.tokenizer.tokens(of: text) }
}
