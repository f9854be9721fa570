/// How a storage server's tools stand for our five operations.
///
/// Placeholders: `{bucket}` and `{key}` everywhere but in `list`, which has `{bucket}`, `{prefix}`, `{limit}` and
/// `{page_token}`. `put` also has `{content_type}` and the body as `{text}` or `{base64}`: where its template names
/// both, text is used for bodies that are UTF-8.
public struct ObjectToolMapping: Hashable, Sendable, Codable {
    /// Where an answer tells of an object.
    public struct InfoPaths: Hashable, Sendable, Codable {
        public var key: JSONPath?
        public var size: JSONPath?
        public var sha256: JSONPath?
        public var modifiedAt: JSONPath?

        /// The given paths; what is not given stays unknown.
        public init(
            key: JSONPath? = nil, size: JSONPath? = nil, sha256: JSONPath? = nil, modifiedAt: JSONPath? = nil
        ) {
            self.key = key
            self.size = size
            self.sha256 = sha256
            self.modifiedAt = modifiedAt
        }

        enum CodingKeys: String, CodingKey {
            case key, size, sha256
            case modifiedAt = "modified_at"
        }
    }

    /// Writes an object, replacing what was there.
    public struct Put: Hashable, Sendable, Codable {
        public var call: ToolOperation
        /// Where the answer tells of the written object.
        public var info: InfoPaths?

        public init(call: ToolOperation, info: InfoPaths? = nil) {
            self.call = call
            self.info = info
        }
    }

    /// Reads an object.
    public struct Get: Hashable, Sendable, Codable {
        public var call: ToolOperation
        /// Where the body stands as text.
        public var text: JSONPath?
        /// Where the body stands in base64. Without `text` and `base64` the whole text of the answer is the body.
        public var base64: JSONPath?
        public var info: InfoPaths?

        public init(call: ToolOperation, text: JSONPath? = nil, base64: JSONPath? = nil, info: InfoPaths? = nil) {
            self.call = call
            self.text = text
            self.base64 = base64
            self.info = info
        }
    }

    /// Tells of an object without its body.
    public struct Head: Hashable, Sendable, Codable {
        public var call: ToolOperation
        public var info: InfoPaths?

        public init(call: ToolOperation, info: InfoPaths? = nil) {
            self.call = call
            self.info = info
        }
    }

    /// Lists objects by the beginning of their keys.
    public struct List: Hashable, Sendable, Codable {
        public var call: ToolOperation
        /// Where the list stands in the answer.
        public var items: JSONPath
        /// Where each item tells of its object; without `key` the item itself is the key.
        public var info: InfoPaths?
        /// The key as the server knows it, made of the item's `{item}` and the asked `{prefix}`.
        public var itemKey: String?
        /// Items for which this does not hold are no objects: folders, say.
        public var onlyWhere: ResultCondition?
        /// Where the token of the next page stands.
        public var nextPageToken: JSONPath?

        public init(
            call: ToolOperation, items: JSONPath, info: InfoPaths? = nil, itemKey: String? = nil,
            onlyWhere: ResultCondition? = nil, nextPageToken: JSONPath? = nil
        ) {
            self.call = call
            self.items = items
            self.info = info
            self.itemKey = itemKey
            self.onlyWhere = onlyWhere
            self.nextPageToken = nextPageToken
        }

        enum CodingKeys: String, CodingKey {
            case call, items, info
            case itemKey = "item_key"
            case onlyWhere = "only_where"
            case nextPageToken = "next_page_token"
        }
    }

    /// Removes an object.
    public struct Delete: Hashable, Sendable, Codable {
        public var call: ToolOperation
        /// Where the answer tells whether there was something to delete; without it success means yes.
        public var deleted: JSONPath?

        public init(call: ToolOperation, deleted: JSONPath? = nil) {
            self.call = call
            self.deleted = deleted
        }
    }

    /// Put before every key on the way out and taken off again on the way back; may name the `{bucket}`.
    public var keyPrefix: String?
    public var put: Put
    public var get: Get
    /// Without it, `get` is used.
    public var head: Head?
    public var list: List?
    public var delete: Delete?
    /// Signs that an object does not exist.
    public var notFound: [ResultCondition]?
    /// Signs of a failure in answers that do not say `isError`.
    public var failure: [ResultCondition]?

    /// A mapping by its parts.
    public init(
        keyPrefix: String? = nil, put: Put, get: Get, head: Head? = nil, list: List? = nil, delete: Delete? = nil,
        notFound: [ResultCondition]? = nil, failure: [ResultCondition]? = nil
    ) {
        self.keyPrefix = keyPrefix
        self.put = put
        self.get = get
        self.head = head
        self.list = list
        self.delete = delete
        self.notFound = notFound
        self.failure = failure
    }

    enum CodingKeys: String, CodingKey {
        case put, get, head, list, delete, failure
        case keyPrefix = "key_prefix"
        case notFound = "not_found"
    }
}

extension ObjectToolMapping: ToolMapping {
    var operations: [MappedOperation] {
        let object: Set = ["bucket", "key"]
        var operations = [
            MappedOperation(
                name: "put", call: self.put.call,
                available: object.union(["text", "base64", "content_type"]), optional: ["text", "base64"],
                needed: [["key"], ["text", "base64"]]),
            MappedOperation(name: "get", call: self.get.call, available: object, needed: [["key"]]),
        ]
        if let head { operations.append(.init(name: "head", call: head.call, available: object, needed: [["key"]])) }
        if let list {
            operations.append(
                .init(
                    name: "list", call: list.call, available: ["bucket", "prefix", "limit", "page_token"],
                    optional: ["page_token"]))
        }
        if let delete {
            operations.append(.init(name: "delete", call: delete.call, available: object, needed: [["key"]]))
        }
        return operations
    }
}
