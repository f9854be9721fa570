public import Logging

/// What a tool knows of the call that it serves.
public struct MCPCallContext: Sendable {
    /// The call's id.
    public let requestID: RequestID
    /// The revision that the client speaks.
    public let protocolVersion: MCPProtocolVersion
    /// The client's address, where the connection tells.
    public let remoteAddress: String?
    /// A logger that carries the tool and the call.
    public let logger: Logger

    let sendProgress: (@Sendable (MCPProgress) -> Void)?

    /// Whether the client wants to hear of progress.
    public var wantsProgress: Bool { self.sendProgress != nil }

    /// Tells the client how far the call has come; does nothing where it did not ask.
    ///
    /// `progress` must grow from one report to the next; `total` is in the same unit.
    public func reportProgress(_ progress: Double, total: Double? = nil, message: String? = nil) {
        self.sendProgress?(MCPProgress(progress: progress, total: total, message: message))
    }
}

/// One report of how far a call has come.
public struct MCPProgress: Hashable, Sendable {
    /// How much is done.
    public var progress: Double
    /// How much there is to do, in the same unit.
    public var total: Double?
    /// What is being done, for people.
    public var message: String?

    /// A report by its parts.
    public init(progress: Double, total: Double? = nil, message: String? = nil) {
        self.progress = progress
        self.total = total
        self.message = message
    }

    func notification(token: JSONValue) -> JSONRPCMessage {
        var params: [String: JSONValue] = ["progressToken": token, "progress": .number(self.progress)]
        params["total"] = self.total.map { .number($0) }
        params["message"] = self.message.map { .string($0) }
        return .notification(method: "notifications/progress", params: .object(params))
    }
}
