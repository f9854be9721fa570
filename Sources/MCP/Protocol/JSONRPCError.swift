/// The error object of a JSON-RPC response.
package struct JSONRPCError: Error, Hashable, Sendable {
    package var code: Int
    package var message: String
    package var data: JSONValue?

    package init(code: Int, message: String, data: JSONValue? = nil) {
        self.code = code
        self.message = message
        self.data = data
    }

    package init(reading value: JSONValue) {
        self.code = value["code"]?.intValue ?? Self.internalErrorCode
        self.message = value["message"]?.stringValue ?? "The error carries no message"
        self.data = value["data"]
    }

    package var json: JSONValue {
        var members: [String: JSONValue] = ["code": .integer(Int64(self.code)), "message": .string(self.message)]
        members["data"] = self.data
        return .object(members)
    }
}

extension JSONRPCError {
    package static let parseErrorCode = -32700
    package static let invalidRequestCode = -32600
    package static let methodNotFoundCode = -32601
    package static let invalidParamsCode = -32602
    package static let internalErrorCode = -32603
    /// HTTP headers and body disagree, or a required header is missing (2026-07-28).
    package static let headerMismatchCode = -32020
    /// The request needs a capability that the client did not declare (2026-07-28).
    package static let missingClientCapabilityCode = -32021
    /// The protocol version is not spoken here (2026-07-28).
    package static let unsupportedVersionCode = -32022
    /// Too many calls at once. Our own, outside the ranges that JSON-RPC and MCP reserve.
    package static let overloadedCode = 503

    package static func parseError(_ message: String) -> JSONRPCError { .init(code: parseErrorCode, message: message) }
    package static func invalidRequest(_ message: String) -> JSONRPCError {
        .init(code: invalidRequestCode, message: message)
    }
    package static func methodNotFound(_ method: String) -> JSONRPCError {
        .init(code: methodNotFoundCode, message: "Method not found", data: .string(String(method.prefix(200))))
    }
    package static func invalidParams(_ message: String) -> JSONRPCError {
        .init(code: invalidParamsCode, message: message)
    }
    package static func headerMismatch(_ message: String) -> JSONRPCError {
        .init(code: headerMismatchCode, message: "Header mismatch: \(message)")
    }
    package static func unsupportedVersion(_ requested: String) -> JSONRPCError {
        .init(
            code: unsupportedVersionCode, message: "Unsupported protocol version",
            data: [
                "supported": .array(MCPProtocolVersion.allCases.reversed().map { .string($0.rawValue) }),
                "requested": .string(String(requested.prefix(100))),
            ])
    }
    package static let overloaded = JSONRPCError(code: overloadedCode, message: "Too many calls at once, try later")

    /// Whether the code is one that only a server of the stateless generation sends.
    package var isModern: Bool {
        [Self.headerMismatchCode, Self.missingClientCapabilityCode, Self.unsupportedVersionCode].contains(self.code)
    }
}
