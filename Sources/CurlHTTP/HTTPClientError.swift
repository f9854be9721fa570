/// Why an HTTP exchange brought no complete answer. An answer with an unwelcome status is no error here.
public struct HTTPClientError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case malformedURL, invalidRequest, nameNotResolved, connectionFailed, connectionLost, tls, timeout, tooLarge
            case protocolViolation, tooManyRedirects, cancelled, clientClosed, resourcesExhausted
        }
        private let value: Value

        /// The URL cannot be read, or its scheme is neither http nor https.
        public static let malformedURL = Code(value: .malformedURL)
        /// The method or a header contains characters that HTTP does not allow there.
        public static let invalidRequest = Code(value: .invalidRequest)
        /// The host's name has no address (now).
        public static let nameNotResolved = Code(value: .nameNotResolved)
        /// No connection came about; the server has not seen the request.
        public static let connectionFailed = Code(value: .connectionFailed)
        /// The connection broke during the exchange; the server may have acted on the request.
        public static let connectionLost = Code(value: .connectionLost)
        /// TLS was not agreed upon, or the server's certificate does not prove its name.
        public static let tls = Code(value: .tls)
        /// One of the request's deadlines passed: connecting, silence, or the whole exchange.
        public static let timeout = Code(value: .timeout)
        /// The head or the body of the answer exceeds its limit.
        public static let tooLarge = Code(value: .tooLarge)
        /// The answer is not HTTP, or is encoded in a way that cannot be undone.
        public static let protocolViolation = Code(value: .protocolViolation)
        /// More redirects than the request allows, or one that leads from https to http.
        public static let tooManyRedirects = Code(value: .tooManyRedirects)
        /// The task that waited for the answer was cancelled.
        public static let cancelled = Code(value: .cancelled)
        /// The client was closed.
        public static let clientClosed = Code(value: .clientClosed)
        /// This process lacks the memory or the descriptors for another exchange.
        public static let resourcesExhausted = Code(value: .resourcesExhausted)

        public var description: String { self.value.rawValue }
    }

    public let code: Code
    /// Names method and address of the request, never its query, credentials, headers or body.
    public let message: String
    /// Whether the same request may succeed later.
    public let isTransient: Bool
    /// libcurl's own number (`CURLcode`) for the failure, where it was libcurl that failed.
    public let curlCode: Int?

    init(_ code: Code, _ message: String, isTransient: Bool = false, curlCode: Int? = nil) {
        self.code = code
        self.message = message
        self.isTransient = isTransient
        self.curlCode = curlCode
    }

    public var description: String { "\(self.code): \(self.message)" }
}
