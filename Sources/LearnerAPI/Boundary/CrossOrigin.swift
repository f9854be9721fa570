import HTTPTypes
import Hummingbird

/// Which pages of other origins may call the API (CORS, WHATWG Fetch). None unless they are listed; never with
/// credentials, of which the API knows none.
public struct CrossOrigin: Hashable, Sendable {
    private let origins: Set<String>

    /// - Parameter origins: as browsers send them, `https://app.example.org`.
    public init(origins: some Sequence<String>) {
        self.origins = Set(origins)
    }

    /// Nobody.
    public static let closed = CrossOrigin(origins: [])

    /// Whether this can be an origin: a scheme with a host and perhaps a port, in lower case, and nothing after it.
    public static func isOrigin(_ text: String) -> Bool {
        guard let host = ["https://", "http://"].first(where: text.hasPrefix).map({ text.dropFirst($0.count) }),
            !host.isEmpty
        else { return false }
        return host.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
                UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
                true
            default: false
            }
        }
    }

    private static let requestHeaders = """
        Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Prefer, X-Request-ID, X-User-ID, \
        traceparent, tracestate
        """
    private static let responseHeaders =
        "Location, Retry-After, ETag, RateLimit, RateLimit-Policy, Preference-Applied, WWW-Authenticate, X-Request-ID"

    /// Adds to an answer under `/api` what its reader's browser asks for.
    func mark(_ response: inout Response, to request: Request) {
        let path = request.uri.path
        guard !self.origins.isEmpty, path.hasPrefix("/api/"), !path.hasPrefix("/api/ops/") else { return }
        // The answer differs by origin for every cache, also where this origin is refused.
        response.headers.append(HTTPField(name: .vary, value: "Origin"))
        let sent = request.headers[values: .origin]
        guard sent.count == 1, let origin = sent.first, self.origins.contains(origin) else { return }
        response.headers[.accessControlAllowOrigin] = origin
        guard request.method == .options, request.headers[.accessControlRequestMethod] != nil else {
            response.headers[.accessControlExposeHeaders] = Self.responseHeaders
            return
        }
        response.headers[.accessControlAllowMethods] = response.headers[.allow]
        response.headers[.accessControlAllowHeaders] = Self.requestHeaders
        response.headers[.accessControlMaxAge] = "600"
    }
}
