/// One JSON-RPC 2.0 message as MCP uses it.
package enum JSONRPCMessage: Hashable, Sendable {
    case request(id: RequestID, method: String, params: JSONValue?)
    case notification(method: String, params: JSONValue?)
    case result(id: RequestID, JSONValue)
    /// `id` is missing where the request was so malformed that its id could not be read.
    case error(id: RequestID?, JSONRPCError)

    /// Reads a message; throws ``JSONRPCError/invalidRequest(_:)`` for anything else.
    package init(_ value: JSONValue) throws(JSONRPCError) {
        guard case .object(let members) = value else { throw .invalidRequest("A message is an object") }
        guard members["jsonrpc"] == "2.0" else { throw .invalidRequest("The member jsonrpc must be \"2.0\"") }
        let id = members["id"]
        if let method = members["method"] {
            guard let method = method.stringValue else { throw .invalidRequest("The member method must be a string") }
            let params = members["params"]
            if let params, params.objectValue == nil, params.arrayValue == nil {
                throw .invalidRequest("The member params must be an object")
            }
            guard let id else {
                self = .notification(method: method, params: params)
                return
            }
            guard let id = RequestID(id) else { throw .invalidRequest("An id is a string or an integer") }
            self = .request(id: id, method: method, params: params)
        } else if let error = members["error"] {
            self = .error(id: RequestID(id), JSONRPCError(reading: error))
        } else if let result = members["result"], let id = RequestID(id) {
            self = .result(id: id, result)
        } else {
            throw .invalidRequest("Neither a request, a notification nor a response")
        }
    }

    /// The message on the wire.
    package var json: JSONValue {
        var members: [String: JSONValue] = ["jsonrpc": "2.0"]
        switch self {
        case .request(let id, let method, let params):
            members["id"] = id.json
            members["method"] = .string(method)
            members["params"] = params
        case .notification(let method, let params):
            members["method"] = .string(method)
            members["params"] = params
        case .result(let id, let result):
            members["id"] = id.json
            members["result"] = result
        case .error(let id, let error):
            members["id"] = id?.json ?? .null
            members["error"] = error.json
        }
        return .object(members)
    }
}
