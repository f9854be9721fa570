import CCurl

/// An absolute http or https URL as libcurl understands it: what is checked here is what is connected to.
package struct HTTPURL: Sendable {
    let text: String
    package let scheme: String
    /// In lower case; an IPv6 address in brackets.
    package let host: String
    let port: String

    /// Reads `text`, against `base` where it is a relative reference (RFC 3986, section 5).
    package init(_ text: String, relativeTo base: HTTPURL? = nil) throws(HTTPClientError) {
        // libcurl forgives a third slash and takes the path for the host.
        guard text.utf8.count <= 64 << 10, text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }),
            !text.hasPrefix("http:///"), !text.hasPrefix("https:///"), let handle = curl_url()
        else {
            throw HTTPClientError(.malformedURL, "\(Self.redacted(text)) is not a URL")
        }
        defer { curl_url_cleanup(handle) }
        if let base { curl_url_set(handle, CURLUPART_URL, base.text, 0) }
        guard curl_url_set(handle, CURLUPART_URL, text, 0) == CURLUE_OK,
            let full = Self.part(CURLUPART_URL, of: handle),
            let scheme = Self.part(CURLUPART_SCHEME, of: handle),
            let host = Self.part(CURLUPART_HOST, of: handle),
            let port = Self.part(CURLUPART_PORT, of: handle, flags: UInt32(CURLU_DEFAULT_PORT))
        else {
            throw HTTPClientError(.malformedURL, "\(Self.redacted(text)) is not an absolute URL")
        }
        guard scheme == "http" || scheme == "https" else {
            throw HTTPClientError(.malformedURL, "\(Self.redacted(text)): only http and https are spoken")
        }
        self.text = full
        self.scheme = scheme
        self.host = host.lowercased()
        self.port = port
    }

    /// Whether the host is this machine, which no proxy can reach.
    package var isLoopback: Bool {
        self.host == "localhost" || self.host.hasSuffix(".localhost") || self.host == "[::1]"
            || self.host.hasPrefix("127.") && self.host.utf8.allSatisfy { $0 < UInt8(ascii: ":") }
    }

    /// RFC 6454: scheme, host and port.
    func hasSameOrigin(as other: HTTPURL) -> Bool {
        self.scheme == other.scheme && self.host == other.host && self.port == other.port
    }

    /// `text` without credentials, query and fragment: fit for logs and errors.
    static func redacted(_ text: String) -> String {
        guard let schemeEnd = text.firstRange(of: "://"),
            text[..<schemeEnd.lowerBound].utf8.allSatisfy({ $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A })
        else { return "(URL)" }
        let rest = text[schemeEnd.upperBound...]
        let address = rest.prefix { $0 != "?" && $0 != "#" }
        let authority = address.prefix { $0 != "/" && $0 != "\\" }
        let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        let path = address[authority.endIndex...]
        // A credential with an unescaped slash reaches into the path, and what looks like the host is its beginning.
        guard !path.contains("@") else { return "\(text[..<schemeEnd.upperBound])…" }
        return "\(text[..<schemeEnd.upperBound])\(host)\(path.prefix(512))"
    }

    private static func part(_ part: CURLUPart, of handle: OpaquePointer, flags: UInt32 = 0) -> String? {
        var value: UnsafeMutablePointer<CChar>?
        guard curl_url_get(handle, part, &value, flags) == CURLUE_OK, let value else { return nil }
        defer { curl_free(value) }
        return String(cString: value)
    }
}
