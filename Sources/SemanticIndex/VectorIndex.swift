public import MCP
public import TextbookSync

/// A vector that answers a query, and how well.
public struct VectorHit: Hashable, Sendable {
    /// A UUID, lower case.
    public var id: String
    /// Cosine similarity; higher is better.
    public var score: Double

    public init(id: String, score: Double) {
        self.id = id
        self.score = score
    }
}

/// The collection that holds the lessons' vectors, reduced to what search needs of it.
///
/// Closures instead of the MCP client itself, so that tests can break any single call at any moment.
public struct VectorIndex: Sendable {
    /// Makes the collection for vectors of this length, unless it is there.
    public var prepare: @Sendable (_ dimension: Int) async throws -> Void
    /// Stores vectors; one with a known id replaces the earlier one.
    public var upsert: @Sendable (_ records: [VectorRecord]) async throws -> Void
    /// The nearest vectors whose metadata holds every member of the filter, the best first.
    public var search:
        @Sendable (_ vector: [Float], _ text: String, _ limit: Int, _ filter: [String: JSONValue]) async throws
            -> [VectorHit]
    /// Removes vectors; one that is not there is no error.
    public var delete: @Sendable (_ ids: [String]) async throws -> Void
    /// How many vectors have metadata that holds every member of the filter.
    public var count: @Sendable (_ filter: [String: JSONValue]) async throws -> Int

    public init(
        prepare: @escaping @Sendable (_ dimension: Int) async throws -> Void,
        upsert: @escaping @Sendable (_ records: [VectorRecord]) async throws -> Void,
        search:
            @escaping @Sendable (
                _ vector: [Float], _ text: String, _ limit: Int, _ filter: [String: JSONValue]
            ) async throws -> [VectorHit],
        delete: @escaping @Sendable (_ ids: [String]) async throws -> Void = { _ in },
        count: @escaping @Sendable (_ filter: [String: JSONValue]) async throws -> Int
    ) {
        self.prepare = prepare
        self.upsert = upsert
        self.search = search
        self.delete = delete
        self.count = count
    }

    /// A collection behind an MCP vector server, which must be the recipe's. Every call has the client's deadline.
    public init(_ store: MCPVectorStore) {
        self.init(
            prepare: { dimension in try await store.ensureCollection(dimension: dimension) },
            upsert: { records in try await store.upsert(records) },
            search: { vector, text, limit, filter in
                try await store.search(vector: vector, text: text, limit: limit, filter: filter).map {
                    VectorHit(id: $0.id.lowercased(), score: Double($0.score))
                }
            },
            delete: { ids in _ = try await store.delete(ids: ids) },
            count: { filter in try await store.count(filter: filter) })
    }

    /// The recipe's collection on an MCP vector server.
    public init(client: MCPClient, mapping: VectorToolMapping = .lectern, recipe: IndexRecipe) {
        self.init(MCPVectorStore(client: client, mapping: mapping, collection: recipe.collection))
    }
}
