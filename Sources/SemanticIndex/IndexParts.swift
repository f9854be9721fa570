public import LanguageModels
public import MCP
public import TextbookSync

/// What every process that touches the search index must agree on: the model, the rules, the collection.
public struct IndexParts: Sendable {
    public let model: any EmbeddingModel
    public let recipe: IndexRecipe
    public let vectors: VectorIndex

    /// - Parameters:
    ///   - model: the configured embedding model; `nil` takes the embedded one.
    ///   - collectionPrefix: tells installations apart that share a vector server.
    public init(
        model: (any EmbeddingModel)?, client: MCPClient, mapping: VectorToolMapping, collectionPrefix: String
    ) {
        let model = model ?? HashingEmbedder()
        self.model = model
        self.recipe = IndexRecipe(
            collectionPrefix: collectionPrefix, model: model.name, dimension: model.dimension,
            // Raised whenever the chunker cuts differently: every lesson is then indexed anew.
            chunking: "1.\(TextNormalizer.version).\(EntryPostings.version)")
        self.vectors = VectorIndex(client: client, mapping: mapping, recipe: self.recipe)
    }
}
