import FoundationEssentials

/// Objects in one bucket of a storage server, by whatever tools the server has.
///
/// All operations may run twice without harm, and are sent again where the connection broke in the middle.
public struct MCPObjectStore: Sendable {
    private let caller: ToolCaller
    private let mapping: ObjectToolMapping
    private let bucket: String
    private let keyPrefix: String

    /// A bucket of the server that `client` talks to.
    public init(client: MCPClient, mapping: ObjectToolMapping = .lectern, bucket: String) {
        self.caller = ToolCaller(
            client: client, notFound: mapping.notFound ?? [], failure: mapping.failure ?? [])
        self.mapping = mapping
        self.bucket = bucket
        self.keyPrefix = (mapping.keyPrefix ?? "").split(separator: "{bucket}", omittingEmptySubsequences: false)
            .joined(separator: bucket)
    }

    /// Writes an object, replacing what was there.
    ///
    /// Throws ``MCPError``: `invalidArgument` where the server takes only text and `body` is none.
    public func put(key: String, body: [UInt8], contentType: String) async throws -> ObjectInfo {
        var values = self.values(key)
        values["content_type"] = .string(contentType)
        let placeholders = self.mapping.put.call.arguments.placeholders
        if placeholders.contains("text"), let text = String(validating: body, as: UTF8.self) {
            values["text"] = .string(text)
        } else if placeholders.contains("base64") {
            values["base64"] = .string(Data(body).base64EncodedString())
        } else {
            throw MCPError(code: .invalidArgument, message: "The storage server takes only text, and \(key) is none")
        }
        switch try await self.caller.call(self.mapping.put.call, values) {
        case .found(_, let payload):
            var info = self.info(payload, self.mapping.put.info, key: key)
            if info.size == 0 { info.size = body.count }
            guard info.size == body.count else {
                throw MCPError(
                    code: .protocolViolation,
                    message: "The server stored \(info.size) of the \(body.count) bytes of \(key)")
            }
            return info
        case .notFound:
            throw MCPError(code: .notFound, message: "The storage server has no place for \(key)")
        }
    }

    /// Reads an object; `nil` where there is none.
    public func get(key: String) async throws -> [UInt8]? {
        let get = self.mapping.get
        guard case .found(let result, let payload) = try await self.caller.call(get.call, self.values(key)) else {
            return nil
        }
        let body = try self.body(result, payload)
        if let size = get.info?.size.flatMap({ payload.value(at: $0)?.intValue }), size != body.count {
            throw MCPError(
                code: .protocolViolation, message: "The server sent \(body.count) of the \(size) bytes of \(key)")
        }
        return body
    }

    /// Tells of an object; `nil` where there is none. A server without such a tool sends the whole object for it.
    public func head(key: String) async throws -> ObjectInfo? {
        guard let head = self.mapping.head else {
            return try await self.get(key: key).map { ObjectInfo(key: key, size: $0.count) }
        }
        guard case .found(_, let payload) = try await self.caller.call(head.call, self.values(key)) else { return nil }
        return self.info(payload, head.info, key: key)
    }

    /// Whether the server can list.
    public var canList: Bool { self.mapping.list != nil }

    /// Lists objects whose keys begin with `prefix`, at most `limit` of them where the server lets us say so.
    ///
    /// Throws ``MCPError`` with `invalidMapping` where the server cannot list.
    public func list(prefix: String, pageToken: String? = nil, limit: Int = 1000) async throws -> ObjectPage {
        guard let list = self.mapping.list else { throw self.missing("list") }
        var values: [String: JSONValue] = [
            "bucket": .string(self.bucket), "prefix": .string(self.keyPrefix + prefix),
            "limit": .integer(Int64(limit)),
        ]
        values["page_token"] = pageToken.map { .string($0) }
        guard case .found(_, let payload) = try await self.caller.call(list.call, values) else {
            return ObjectPage(objects: [])
        }
        guard let items = try payload.required(list.items, of: list.call).arrayValue else {
            throw MCPError(code: .protocolViolation, message: "The answer of \(list.call.tool) holds no list")
        }
        let objects = items.compactMap { self.listed($0, list, prefix: self.keyPrefix + prefix) }
        let token = list.nextPageToken.flatMap { payload.value(at: $0)?.stringValue }
        return ObjectPage(objects: objects, nextPageToken: token.flatMap { $0.isEmpty ? nil : $0 })
    }

    /// Removes an object; tells whether there was one. Deleting what is not there is no error.
    ///
    /// Throws ``MCPError`` with `invalidMapping` where the server cannot delete.
    public func delete(key: String) async throws -> Bool {
        guard let delete = self.mapping.delete else { throw self.missing("delete") }
        guard case .found(_, let payload) = try await self.caller.call(delete.call, self.values(key)) else {
            return false
        }
        return delete.deleted.flatMap { payload.value(at: $0)?.boolValue } ?? true
    }

    private func values(_ key: String) -> [String: JSONValue] {
        ["bucket": .string(self.bucket), "key": .string(self.keyPrefix + key)]
    }

    private func missing(_ operation: String) -> MCPError {
        MCPError(code: .invalidMapping, message: "The mapping of the storage server has no \(operation)")
    }

    private func info(_ payload: JSONValue, _ paths: ObjectToolMapping.InfoPaths?, key: String) -> ObjectInfo {
        ObjectInfo(
            key: key, size: paths?.size.flatMap { payload.value(at: $0)?.intValue } ?? 0,
            sha256: paths?.sha256.flatMap { payload.value(at: $0)?.stringValue },
            modifiedAt: paths?.modifiedAt.flatMap { payload.value(at: $0)?.stringValue })
    }

    private func body(_ result: MCPToolResult, _ payload: JSONValue) throws(MCPError) -> [UInt8] {
        let get = self.mapping.get
        if get.text == nil, get.base64 == nil { return Array(result.text.utf8) }
        if let path = get.text, let text = payload.value(at: path)?.stringValue { return Array(text.utf8) }
        if let path = get.base64, let text = payload.value(at: path)?.stringValue {
            guard let data = Data(base64Encoded: text) else {
                throw MCPError(code: .protocolViolation, message: "The answer of \(get.call.tool) is no base64")
            }
            return Array(data)
        }
        throw MCPError(code: .protocolViolation, message: "The answer of \(get.call.tool) holds no body")
    }

    /// One item of a listing; `nil` for what is no object or lies outside of what was asked for.
    private func listed(_ item: JSONValue, _ list: ObjectToolMapping.List, prefix: String) -> ObjectInfo? {
        if let condition = list.onlyWhere, !condition.holds(for: .text(""), payload: item) { return nil }
        guard let name = (list.info?.key.map { item.value(at: $0) } ?? item)?.stringValue else { return nil }
        var key = name
        if let pattern = list.itemKey, let template = try? ArgumentTemplate(any: .string(pattern)) {
            key = template.filled(with: ["item": .string(name), "prefix": .string(prefix)]).stringValue ?? name
        }
        guard key.hasPrefix(prefix) else { return nil }
        return self.info(item, list.info, key: String(key.dropFirst(self.keyPrefix.count)))
    }
}
