/// An HTTP request, as any HTTP server can hand it over.
public struct MCPServerRequest: Sendable {
    /// The verb, in capitals.
    public var method: String
    /// The path, percent-decoded, without the query.
    public var path: String
    /// The query without its question mark, undecoded; empty where there is none.
    public var query: String
    /// All header fields in their order. `Host` must be among them.
    public var headers: [(name: String, value: String)]
    /// The whole body. Read no more than ``MCPServerLimits/maximumBodyBytes`` + 1 bytes: a body over the limit is
    /// answered with 413.
    public var body: [UInt8]
    /// The client's address, for logs.
    public var remoteAddress: String?

    /// A request by its parts.
    public init(
        method: String, path: String, query: String = "", headers: [(name: String, value: String)],
        body: [UInt8] = [], remoteAddress: String? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.remoteAddress = remoteAddress
    }

    /// The first field named `name`, in any capitalisation.
    func header(_ name: String) -> String? {
        self.headers.first { $0.name.equalsIgnoringCase(name) }?.value
    }

    /// How many fields bear the name.
    func headerCount(_ name: String) -> Int {
        self.headers.count { $0.name.equalsIgnoringCase(name) }
    }

    /// The first of the query items named `name`.
    func queryItem(_ name: String) -> String? {
        for pair in self.query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, parts[0] == name { return String(parts[1]) }
        }
        return nil
    }
}

extension String {
    /// Compares header names and hosts, which are ASCII.
    func equalsIgnoringCase(_ other: String) -> Bool {
        self.utf8.elementsEqual(other.utf8) { left, right in
            left == right || (left | 0x20 == right | 0x20 && (0x61...0x7A).contains(left | 0x20))
        }
    }
}
