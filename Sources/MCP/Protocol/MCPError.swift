/// What went wrong between us and an MCP server.
public struct MCPError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure that callers tell apart.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case unreachable, timeout, protocolViolation, rejected, toolFailed, unknownTool, notFound, unknownOutcome
            case tooLarge, unauthorized, overloaded, invalidMapping, invalidArgument, unsupportedVersion, cancelled
            case closed
        }

        private let kind: Kind

        /// No connection, or the server answers nothing but failures.
        public static let unreachable = Code(kind: .unreachable)
        /// The deadline passed.
        public static let timeout = Code(kind: .timeout)
        /// The server said something that is not MCP.
        public static let protocolViolation = Code(kind: .protocolViolation)
        /// The server refused the request with a JSON-RPC error; `data` holds its `code` and `data`.
        public static let rejected = Code(kind: .rejected)
        /// The tool ran and failed.
        public static let toolFailed = Code(kind: .toolFailed)
        /// The server has no such tool.
        public static let unknownTool = Code(kind: .unknownTool)
        /// What the call names does not exist.
        public static let notFound = Code(kind: .notFound)
        /// The connection was lost after the request left: it may have been carried out or not.
        public static let unknownOutcome = Code(kind: .unknownOutcome)
        /// A message exceeds a limit, theirs or ours.
        public static let tooLarge = Code(kind: .tooLarge)
        /// The server wants another credential, or forbids this one.
        public static let unauthorized = Code(kind: .unauthorized)
        /// The server has too much to do.
        public static let overloaded = Code(kind: .overloaded)
        /// The tool mapping does not fit the server.
        public static let invalidMapping = Code(kind: .invalidMapping)
        /// The caller passed something that cannot be sent.
        public static let invalidArgument = Code(kind: .invalidArgument)
        /// No protocol version in common.
        public static let unsupportedVersion = Code(kind: .unsupportedVersion)
        /// The server gave the request up.
        public static let cancelled = Code(kind: .cancelled)
        /// The client was shut down.
        public static let closed = Code(kind: .closed)

        /// The machine word, `unknown_outcome` for ``unknownOutcome``.
        public var description: String {
            self.kind.rawValue.reduce(into: "") { word, character in
                if character.isUppercase { word.append("_") }
                word.append(contentsOf: character.lowercased())
            }
        }
    }

    /// The kind of failure.
    public var code: Code
    /// What happened, for people. Holds no credential.
    public var message: String
    /// What the server added, within limits.
    public var data: JSONValue?
    /// The failure underneath, for logs.
    public var underlying: (any Error)?

    /// A failure of kind `code`.
    public init(code: Code, message: String, data: JSONValue? = nil, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.data = data
        self.underlying = underlying
    }

    /// Whether the same call may succeed later without anybody changing anything.
    ///
    /// An ``Code/unknownOutcome`` is transient too, but only a call that may safely run twice can be repeated.
    public var isTransient: Bool {
        [.unreachable, .timeout, .unknownOutcome, .overloaded, .cancelled].contains(self.code)
    }

    public var description: String { "\(self.code): \(self.message)" }
}
