import CCurl
import Foundation

/// A transfer with its libcurl handle. Lives on the event thread only.
final class CurlExchange {
    let transfer: Transfer
    let easy: UnsafeMutableRawPointer
    /// When a byte last went either way.
    private(set) var lastActivityAt: ContinuousClock.Instant
    /// Whether libcurl holds bytes back for a slow reader.
    private(set) var isPaused = false
    private var reader: ResponseHeadReader
    private var headers: UnsafeMutablePointer<curl_slist>?
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private let refusesAddress: (@Sendable ([UInt8]) -> Bool)?
    private var bodyOffset = 0
    private var receivedBytes = 0
    /// Why a callback stopped the transfer.
    private var failure: HTTPClientError?

    init(_ transfer: Transfer, easy: UnsafeMutableRawPointer, configuration: HTTPClientConfiguration) {
        self.transfer = transfer
        self.easy = easy
        self.lastActivityAt = .now
        self.reader = ResponseHeadReader(maximumBytes: configuration.maximumHeaderBytes)
        self.refusesAddress = configuration.refusesAddress
        self.errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        self.configure(configuration)
    }

    deinit {
        curl_slist_free_all(self.headers)
        self.errorText.deallocate()
    }

    private var request: HTTPClientRequest { self.transfer.request }

    func touch() {
        self.lastActivityAt = .now
    }

    /// Lets a paused transfer go on; bytes kept back are delivered from inside this call.
    func resume() {
        self.touch()
        self.isPaused = false
        curl_easy_pause(self.easy, CURLPAUSE_CONT)
    }

    /// libcurl is done with the transfer.
    func finish(_ result: CURLcode) {
        if result == CURLE_OK {
            self.transfer.finish(.success(()))
        } else {
            let error =
                self.failure
                ?? HTTPClientError(result, detail: String(cString: self.errorText), request: "\(self.request)")
            self.transfer.finish(.failure(error))
        }
    }

    private func configure(_ configuration: HTTPClientConfiguration) {
        let request = self.request
        let context = Unmanaged.passUnretained(self).toOpaque()
        ccurl_set_pointer(self.easy, CURLOPT_PRIVATE, context)
        ccurl_set_pointer(self.easy, CURLOPT_ERRORBUFFER, self.errorText)
        ccurl_set_write_function(self.easy, receiveBody, context)
        ccurl_set_header_function(self.easy, receiveHeader, context)
        ccurl_set_string(self.easy, CURLOPT_URL, self.transfer.url.text)
        ccurl_allow_only_http(self.easy)
        ccurl_set_long(self.easy, CURLOPT_NOSIGNAL, 1)
        ccurl_set_long(self.easy, CURLOPT_NOPROGRESS, 1)
        ccurl_set_long(self.easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        ccurl_set_long(self.easy, CURLOPT_TCP_KEEPALIVE, 1)
        ccurl_set_long(self.easy, CURLOPT_HTTP_VERSION, configuration.protocols.curlVersion)
        ccurl_set_long(self.easy, CURLOPT_MAXAGE_CONN, max(1, Int(configuration.maximumIdleTime.components.seconds)))
        ccurl_set_long(self.easy, CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeout.curlMilliseconds)
        if let timeout = request.timeout { ccurl_set_long(self.easy, CURLOPT_TIMEOUT_MS, timeout.curlMilliseconds) }
        if let path = configuration.trustedCertificatesPath { ccurl_set_string(self.easy, CURLOPT_CAINFO, path) }
        if self.refusesAddress != nil { ccurl_set_socket_function(self.easy, openSocket, context) }
        if request.decompresses { ccurl_set_string(self.easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate") }
        // An empty proxy overrules the environment.
        if self.transfer.url.isLoopback { ccurl_set_string(self.easy, CURLOPT_PROXY, "") }
        self.setMethod(context)
        self.setHeaders(userAgent: configuration.userAgent)
    }

    private func setMethod(_ context: UnsafeMutableRawPointer) {
        let request = self.request
        switch (request.method, request.body) {
        case ("GET", nil):
            ccurl_set_long(self.easy, CURLOPT_HTTPGET, 1)
        case ("HEAD", _):
            ccurl_set_long(self.easy, CURLOPT_NOBODY, 1)
        case ("POST", _), (_, .some):
            ccurl_set_long(self.easy, CURLOPT_POST, 1)
            ccurl_set_offset(self.easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body?.count ?? 0))
            ccurl_set_read_function(self.easy, offerBody, context)
            ccurl_set_seek_function(self.easy, seekBody, context)
            if request.method != "POST" { ccurl_set_string(self.easy, CURLOPT_CUSTOMREQUEST, request.method) }
            // libcurl asks to rewind only once bytes of the body were sent: without a body it would simply repeat.
            if !request.mayBeRepeated, request.body?.isEmpty ?? true {
                ccurl_set_long(self.easy, CURLOPT_FRESH_CONNECT, 1)
            }
        default:
            ccurl_set_string(self.easy, CURLOPT_CUSTOMREQUEST, request.method)
        }
    }

    private func setHeaders(userAgent: String) {
        var names: [String] = []
        for (name, value) in self.request.headers {
            // libcurl's spelling of a field with an empty value.
            self.addHeader(value.isEmpty ? "\(name);" : "\(name): \(value)")
            names.append(name)
        }
        func isMissing(_ name: String) -> Bool { !names.contains { HTTPClientHeaders.areEqual($0, name) } }
        if isMissing("user-agent") { self.addHeader("User-Agent: \(userAgent)") }
        // A name and a colon suppress what libcurl adds by itself.
        if isMissing("expect") { self.addHeader("Expect:") }
        if isMissing("content-type") { self.addHeader("Content-Type:") }
        ccurl_set_headers(self.easy, self.headers)
    }

    private func addHeader(_ line: String) {
        if let extended = curl_slist_append(self.headers, line) { self.headers = extended }
    }

    fileprivate func receivedHeader(_ line: UnsafeBufferPointer<UInt8>) -> Int {
        self.touch()
        switch self.reader.received(line: line) {
        case .goOn:
            return line.count
        case .complete(let head):
            let length = head.headers.first("content-length").flatMap(Int.init) ?? 0
            guard length <= self.request.maximumResponseBytes || self.request.method == "HEAD" else {
                return self.fail(self.bodyTooLarge)
            }
            self.transfer.received(head: head)
            return line.count
        case .tooLarge:
            return self.fail(HTTPClientError(.tooLarge, "\(self.request): the head of the answer exceeds its limit"))
        case .malformed:
            return self.fail(HTTPClientError(.protocolViolation, "\(self.request): the answer's head is not HTTP"))
        }
    }

    fileprivate func receivedBody(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        self.touch()
        guard self.receivedBytes + bytes.count <= self.request.maximumResponseBytes else {
            return self.fail(self.bodyTooLarge)
        }
        switch self.transfer.received(body: bytes) {
        case .accepted:
            self.receivedBytes += bytes.count
            return bytes.count
        case .paused:
            self.isPaused = true
            return Int(CURL_WRITEFUNC_PAUSE)
        case .aborted:
            return self.stop
        }
    }

    fileprivate func sendBody(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        self.touch()
        guard let body = self.request.body else { return 0 }
        let part = body[self.bodyOffset...].prefix(buffer.count)
        buffer.copyBytes(from: part)
        self.bodyOffset += part.count
        return part.count
    }

    fileprivate func rewindBody(to offset: Int) -> Bool {
        guard self.request.mayBeRepeated, (0...(self.request.body?.count ?? 0)).contains(offset) else { return false }
        self.bodyOffset = offset
        return true
    }

    fileprivate func socketTo(_ address: curl_sockaddr, bytes: [UInt8]) -> curl_socket_t {
        guard self.refusesAddress?(bytes) != true else {
            self.failure = HTTPClientError(
                .connectionFailed, "\(self.request): its host has an address that may not be connected to")
            return -1
        }
        return socket(address.family, address.socktype | Int32(SOCK_CLOEXEC.rawValue), address.protocol)
    }

    /// Anything but the number of bytes offered makes libcurl give the transfer up.
    private var stop: Int { -1 }

    private func fail(_ error: HTTPClientError) -> Int {
        self.failure = error
        return self.stop
    }

    private var bodyTooLarge: HTTPClientError {
        HTTPClientError(
            .tooLarge, "\(self.request): the body of the answer exceeds \(self.request.maximumResponseBytes) bytes")
    }

    /// The exchange that a handle or a callback's context stands for.
    static func of(_ context: UnsafeMutableRawPointer) -> CurlExchange {
        Unmanaged<CurlExchange>.fromOpaque(context).takeUnretainedValue()
    }
}

private func receiveHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
    return line.withMemoryRebound(to: UInt8.self) { CurlExchange.of(context).receivedHeader($0) }
}

private func receiveBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    let chunk = UnsafeRawBufferPointer(start: bytes, count: size * count)
    return chunk.withMemoryRebound(to: UInt8.self) { CurlExchange.of(context).receivedBody($0) }
}

private func openSocket(
    _ context: UnsafeMutableRawPointer?, _ purpose: curlsocktype, _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let context, let address else { return -1 }
    let (offset, length) = address.pointee.family == AF_INET6 ? (8, 16) : (4, 4)
    let bytes = withUnsafeBytes(of: &address.pointee.addr) { start in
        // A socket address of the family: it reaches beyond the generic one that libcurl's header declares.
        Array(UnsafeRawBufferPointer(start: start.baseAddress, count: offset + length)[offset...])
    }
    return CurlExchange.of(context).socketTo(address.pointee, bytes: bytes)
}

private func offerBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    return CurlExchange.of(context).sendBody(into: UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
}

private func seekBody(_ context: UnsafeMutableRawPointer?, _ offset: curl_off_t, _ origin: Int32) -> Int32 {
    guard let context, origin == SEEK_SET, CurlExchange.of(context).rewindBody(to: Int(offset)) else {
        return CURL_SEEKFUNC_FAIL
    }
    return CURL_SEEKFUNC_OK
}

extension HTTPClientConfiguration.Protocols {
    fileprivate var curlVersion: Int {
        switch self {
        case .automatic: CURL_HTTP_VERSION_2TLS
        case .http1: CURL_HTTP_VERSION_1_1
        }
    }
}

extension Duration {
    /// Rounded up and at least one: to libcurl, zero means no limit.
    var curlMilliseconds: Int {
        let (seconds, attoseconds) = self.components
        let limit = Int64(Int32.max)
        guard seconds < limit / 1000 else { return Int(limit) }
        return Int(max(1, seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }
}
