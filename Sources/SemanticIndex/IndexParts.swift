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
    ///   - modelFolder: the files of the embedded model; `nil` takes the hashing embedder, which needs none.
    ///   - collectionPrefix: tells installations apart that share a vector server.
    /// - Throws: ``StaticModelError`` where a folder is named and its files cannot be used. Going on with the hashing
    ///   embedder would only hide that: what is indexed already would no longer be found.
    public init(
        model: (any EmbeddingModel)?, modelFolder: String?, client: MCPClient, mapping: VectorToolMapping,
        collectionPrefix: String
    ) throws(StaticModelError) {
        let model: any EmbeddingModel =
            if let model {
                model
            } else if let modelFolder {
                try StaticTokenEmbedder(folder: modelFolder)
            } else {
                HashingEmbedder()
            }
        self.model = model
        self.recipe = IndexRecipe(
            collectionPrefix: collectionPrefix, model: model.name, dimension: model.dimension,
            // Raised whenever the chunker cuts differently: every lesson is then indexed anew.
            chunking: "1.\(TextNormalizer.version).\(EntryPostings.version)")
        self.vectors = VectorIndex(client: client, mapping: mapping, recipe: self.recipe)
    }
}
