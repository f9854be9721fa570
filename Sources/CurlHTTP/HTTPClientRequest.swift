/// What to ask of which server, within which limits.
public struct HTTPClientRequest: Sendable {
    public var method: String
    /// An absolute URL with the scheme http or https.
    public var url: String
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]?
    /// The limit of the whole exchange, from asking to the last byte; `nil` only for streams that live on.
    public var timeout: Duration?
    /// The longest silence: neither a byte sent nor one received. Time spent waiting for a slow reader does not count.
    public var idleTimeout: Duration?
    /// The limit of name resolution, connecting and the TLS handshake together.
    public var connectTimeout: Duration
    /// The most bytes of the answer's body, after decompression.
    public var maximumResponseBytes: Int
    /// How many redirects to follow; only GET and HEAD follow any. Another origin gets none of the request's headers
    /// but those that negotiate content.
    public var maximumRedirects: Int
    /// Whether to offer compression and undo it.
    public var decompresses: Bool
    /// Whether the request may be sent once more, over a new connection, when a pooled one turns out to be dead after
    /// the body was sent. `nil` decides by the method: all but POST and PATCH may.
    public var isRepeatable: Bool?

    public init(
        method: String = "GET", url: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        timeout: Duration? = .seconds(30), idleTimeout: Duration? = nil, connectTimeout: Duration = .seconds(5),
        maximumResponseBytes: Int = 16 << 20, maximumRedirects: Int = 0, decompresses: Bool = false,
        isRepeatable: Bool? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.idleTimeout = idleTimeout
        self.connectTimeout = connectTimeout
        self.maximumResponseBytes = maximumResponseBytes
        self.maximumRedirects = maximumRedirects
        self.decompresses = decompresses
        self.isRepeatable = isRepeatable
    }

    var mayBeRepeated: Bool { self.isRepeatable ?? !["POST", "PATCH"].contains(self.method) }

    /// Refuses what could smuggle a second header or request into the connection (RFC 9110, sections 5.1, 5.5, 9.1).
    func validate() throws(HTTPClientError) {
        guard !self.method.isEmpty, self.method.utf8.allSatisfy(Self.isTokenByte) else {
            throw HTTPClientError(.invalidRequest, "the method is not a token")
        }
        for header in self.headers {
            guard !header.name.isEmpty, header.name.utf8.allSatisfy(Self.isTokenByte) else {
                throw HTTPClientError(.invalidRequest, "\(self): a header's name is not a token")
            }
            guard header.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                throw HTTPClientError(
                    .invalidRequest, "\(self): the value of header \(header.name) contains a control character")
            }
        }
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

/// Headers and bodies carry keys, so that neither a log line nor a debugger's dump shows more than method and address.
extension HTTPClientRequest: CustomStringConvertible, CustomReflectable {
    public var description: String { "\(self.method) \(HTTPURL.redacted(self.url))" }
    public var customMirror: Mirror { Mirror(self, children: ["request": self.description]) }
}
