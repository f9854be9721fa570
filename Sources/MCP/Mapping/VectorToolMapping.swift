/// How a vector server's tools stand for our operations.
///
/// Placeholders: `{collection}` everywhere. `create_collection`: `{dimension}`. `upsert`: `{records}` (each made by
/// `record`, whose gaps are `{id}`, `{vector}`, `{metadata}`, `{metadata_json}`, `{text}`), or the columns `{ids}`,
/// `{vectors}`, `{metadatas}`, `{texts}`, or with a batch size of 1 the record's own gaps. `search`: `{vector}`,
/// `{text}`, `{limit}`, `{filter}`. `delete`: `{ids}`, or `{id}` with a batch size of 1. `count`: `{filter}`.
public struct VectorToolMapping: Hashable, Sendable, Codable {
    /// Makes sure that a collection exists.
    public struct CreateCollection: Hashable, Sendable, Codable {
        public var call: ToolOperation
        /// Signs that it was there already, which is just as well.
        public var alreadyExists: [ResultCondition]?

        public init(call: ToolOperation, alreadyExists: [ResultCondition]? = nil) {
            self.call = call
            self.alreadyExists = alreadyExists
        }

        enum CodingKeys: String, CodingKey {
            case call
            case alreadyExists = "already_exists"
        }
    }

    /// Writes records, replacing those of the same id.
    public struct Upsert: Hashable, Sendable, Codable {
        public var call: ToolOperation
        /// One record of `{records}`.
        public var record: ArgumentTemplate?
        /// Records in one call; 1 for servers that take them one by one. 100 unless given.
        public var batchSize: Int?
        /// Delete the ids first, for servers whose tool only adds.
        public var deletesFirst: Bool?

        public init(
            call: ToolOperation, record: ArgumentTemplate? = nil, batchSize: Int? = nil, deletesFirst: Bool? = nil
        ) {
            self.call = call
            self.record = record
            self.batchSize = batchSize
            self.deletesFirst = deletesFirst
        }

        enum CodingKeys: String, CodingKey {
            case call, record
            case batchSize = "batch_size"
            case deletesFirst = "deletes_first"
        }
    }

    /// Finds the nearest records.
    public struct Search: Hashable, Sendable, Codable {
        public var call: ToolOperation
        /// Where the matches stand. Without it the answer is made of columns: `id`, `score` and the others are then
        /// paths to lists.
        public var matches: JSONPath?
        public var id: JSONPath
        public var score: JSONPath
        public var metadata: JSONPath?
        public var text: JSONPath?
        /// What the server's score means.
        public var scoreKind: ScoreKind
        /// How the server wants filters. `object` unless given.
        public var filterForm: FilterForm?
        /// One condition of a filter in the form `list`, with the gaps `{field}` and `{value}`.
        public var filterItem: ArgumentTemplate?

        public init(
            call: ToolOperation, matches: JSONPath?, id: JSONPath, score: JSONPath, metadata: JSONPath? = nil,
            text: JSONPath? = nil, scoreKind: ScoreKind, filterForm: FilterForm? = nil,
            filterItem: ArgumentTemplate? = nil
        ) {
            self.call = call
            self.matches = matches
            self.id = id
            self.score = score
            self.metadata = metadata
            self.text = text
            self.scoreKind = scoreKind
            self.filterForm = filterForm
            self.filterItem = filterItem
        }

        enum CodingKeys: String, CodingKey {
            case call, matches, id, score, metadata, text
            case scoreKind = "score_kind"
            case filterForm = "filter_form"
            case filterItem = "filter_item"
        }
    }

    /// What a number beside a match means, for vectors of length 1.
    public enum ScoreKind: String, Hashable, Sendable, Codable {
        /// Cosine similarity.
        case similarity
        /// 1 minus the cosine similarity.
        case cosineDistance = "cosine_distance"
        /// The straight distance.
        case euclideanDistance = "euclidean_distance"
        /// The square of the straight distance.
        case squaredEuclideanDistance = "squared_euclidean_distance"

        /// The cosine similarity: |a-b|² = 2 - 2·cos.
        func similarity(_ score: Double) -> Double {
            switch self {
            case .similarity: score
            case .cosineDistance: 1 - score
            case .euclideanDistance: 1 - score * score / 2
            case .squaredEuclideanDistance: 1 - score / 2
            }
        }
    }

    /// The shape of a filter; all conditions must hold.
    public enum FilterForm: String, Hashable, Sendable, Codable {
        /// `{"field": value, …}`
        case object
        /// A list made with `filter_item`.
        case list
        /// `{"$and": [{"field": value}, …]}`, or the single condition alone.
        case and
    }

    /// Removes records by their ids.
    public struct Delete: Hashable, Sendable, Codable {
        public var call: ToolOperation
        /// Where the answer counts what was deleted; without it all are taken for deleted.
        public var deleted: JSONPath?
        /// Ids in one call. 100 unless given.
        public var batchSize: Int?

        public init(call: ToolOperation, deleted: JSONPath? = nil, batchSize: Int? = nil) {
            self.call = call
            self.deleted = deleted
            self.batchSize = batchSize
        }

        enum CodingKeys: String, CodingKey {
            case call, deleted
            case batchSize = "batch_size"
        }
    }

    /// Counts records.
    public struct Count: Hashable, Sendable, Codable {
        public var call: ToolOperation
        /// Where the answer counts; without it the payload is the number.
        public var count: JSONPath?

        public init(call: ToolOperation, count: JSONPath? = nil) {
            self.call = call
            self.count = count
        }
    }

    /// Without it collections are taken to exist.
    public var createCollection: CreateCollection?
    public var upsert: Upsert
    public var search: Search
    public var delete: Delete?
    public var count: Count?
    /// Signs that what was asked for does not exist.
    public var notFound: [ResultCondition]?
    /// Signs of a failure in answers that do not say `isError`.
    public var failure: [ResultCondition]?

    /// A mapping by its parts.
    public init(
        createCollection: CreateCollection? = nil, upsert: Upsert, search: Search, delete: Delete? = nil,
        count: Count? = nil, notFound: [ResultCondition]? = nil, failure: [ResultCondition]? = nil
    ) {
        self.createCollection = createCollection
        self.upsert = upsert
        self.search = search
        self.delete = delete
        self.count = count
        self.notFound = notFound
        self.failure = failure
    }

    enum CodingKeys: String, CodingKey {
        case upsert, search, delete, count, failure
        case createCollection = "create_collection"
        case notFound = "not_found"
    }

    /// Whether the server embeds texts by itself and never sees a vector.
    public var isTextMode: Bool {
        !self.search.call.arguments.placeholders.contains("vector")
    }
}

extension VectorToolMapping: ToolMapping {
    /// `metadata_json` is the metadata as text, for servers that pass it on to a database as it is.
    private static let recordGaps: Set = ["id", "vector", "metadata", "metadata_json", "text"]

    var operations: [MappedOperation] {
        var operations: [MappedOperation] = []
        if let createCollection {
            operations.append(
                .init(name: "create_collection", call: createCollection.call, available: ["collection", "dimension"]))
        }
        let record = Self.recordGaps
        let isSingle = self.upsert.batchSize == 1
        operations.append(
            .init(
                name: "upsert", call: self.upsert.call,
                available: Set(["collection", "records", "ids", "vectors", "metadatas", "texts"])
                    .union(isSingle ? record : []),
                optional: ["text"], needed: [["records", "ids", "id"]]))
        operations.append(
            .init(
                name: "search", call: self.search.call, available: ["collection", "vector", "text", "limit", "filter"],
                optional: ["filter", "text"], needed: [["vector", "text"]]))
        if let delete {
            operations.append(
                .init(
                    name: "delete", call: delete.call,
                    available: delete.batchSize == 1 ? ["collection", "ids", "id"] : ["collection", "ids"],
                    needed: [["ids", "id"]]))
        }
        if let count {
            operations.append(
                .init(
                    name: "count", call: count.call, available: ["collection", "filter"], optional: ["filter"]))
        }
        return operations
    }

    var problems: [String] {
        var problems: [String] = []
        if self.upsert.call.arguments.placeholders.contains("records"), self.upsert.record == nil {
            problems.append("upsert: {records} needs a template in upsert.record")
        }
        let unknown = self.upsert.record?.placeholders.subtracting(Self.recordGaps) ?? []
        for name in unknown.sorted() { problems.append("upsert.record: unknown placeholder {\(name)}") }
        if self.search.filterForm == .list, self.search.filterItem == nil {
            problems.append("search: the filter form list needs a template in search.filter_item")
        }
        if self.upsert.deletesFirst == true, self.delete == nil {
            problems.append("upsert: deletes_first needs delete")
        }
        for (name, size) in [("upsert", self.upsert.batchSize), ("delete", self.delete?.batchSize)] {
            if let size, !(1...10_000).contains(size) { problems.append("\(name).batch_size must be 1 to 10000") }
        }
        return problems
    }
}
