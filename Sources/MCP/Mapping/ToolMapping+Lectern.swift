extension ObjectToolMapping {
    /// Reads a mapping from JSON. Throws ``MCPError`` with `invalidMapping` that names the place.
    public init(json: some Sequence<UInt8>) throws(MCPError) {
        self = try Self.load(json)
    }

    /// Where the mapping does not fit a server that announces `tools`.
    public func check(against tools: [MCPTool]) -> [MappingFinding] {
        self.findings(against: tools)
    }

    /// The tools of our own storage server.
    public static let lectern: ObjectToolMapping = {
        let object: JSONValue = ["bucket": "{bucket}", "key": "{key}"]
        let info = InfoPaths(key: "key", size: "size", sha256: "sha256", modifiedAt: "modified_at")
        return ObjectToolMapping(
            put: Put(
                call: .own(
                    "object_put",
                    [
                        "bucket": "{bucket}", "key": "{key}", "content": "{text}", "content_base64": "{base64}",
                        "content_type": "{content_type}",
                    ]), info: info),
            get: Get(call: .own("object_get", object), text: "content", base64: "content_base64", info: info),
            head: Head(call: .own("object_head", object), info: info),
            list: List(
                call: .own(
                    "object_list",
                    [
                        "bucket": "{bucket}", "prefix": "{prefix}", "limit": "{limit}", "page_token": "{page_token}",
                    ]), items: "objects", info: info, nextPageToken: "next_page_token"),
            delete: Delete(call: .own("object_delete", object), deleted: "deleted"),
            notFound: [
                ResultCondition(path: "error", equals: "not_found"), ResultCondition(path: "found", equals: false),
            ])
    }()
}

extension VectorToolMapping {
    /// Reads a mapping from JSON. Throws ``MCPError`` with `invalidMapping` that names the place.
    public init(json: some Sequence<UInt8>) throws(MCPError) {
        self = try Self.load(json)
    }

    /// Where the mapping does not fit a server that announces `tools`.
    public func check(against tools: [MCPTool]) -> [MappingFinding] {
        self.findings(against: tools)
    }

    /// The tools of our own vector server.
    public static let lectern = VectorToolMapping(
        createCollection: CreateCollection(
            call: .own("vector_create_collection", ["collection": "{collection}", "dimension": "{dimension}"])),
        upsert: Upsert(
            call: .own("vector_upsert", ["collection": "{collection}", "records": "{records}"]),
            record: .own(["id": "{id}", "vector": "{vector}", "metadata": "{metadata}", "text": "{text}"])),
        search: Search(
            call: .own(
                "vector_search",
                ["collection": "{collection}", "vector": "{vector}", "limit": "{limit}", "filter": "{filter}"]),
            matches: "matches", id: "id", score: "score", metadata: "metadata", text: "text", scoreKind: .similarity),
        delete: Delete(
            call: .own("vector_delete", ["collection": "{collection}", "ids": "{ids}"]), deleted: "deleted"),
        count: Count(
            call: .own("vector_count", ["collection": "{collection}", "filter": "{filter}"]), count: "count"),
        notFound: [ResultCondition(path: "error", equals: "collection_not_found")])
}

extension ToolOperation {
    /// An operation whose template is known when the code is written.
    fileprivate static func own(_ tool: String, _ arguments: JSONValue) -> ToolOperation {
        ToolOperation(tool: tool, arguments: .own(arguments))
    }
}

extension ArgumentTemplate {
    fileprivate static func own(_ value: JSONValue) -> ArgumentTemplate {
        do {
            return try ArgumentTemplate(value)
        } catch {
            preconditionFailure(error.message)
        }
    }
}
