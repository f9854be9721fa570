/// Resolves the `endpoint` event of HTTP+SSE, which says where to POST.
///
/// A server that could name any address would make us send its messages, with our credential, to whom it likes; so the
/// address must have the event stream's own origin.
enum EndpointAddress {
    /// The absolute address; `nil` where the reference is malformed or leads to another origin.
    static func resolve(_ reference: String, against base: String) -> String? {
        guard let base = parts(base), reference.utf8.count <= 4096, !reference.isEmpty,
            reference.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") })
        else { return nil }
        let reference = reference.prefix { $0 != "#" }
        if reference.hasPrefix("//") {
            return self.sameOrigin("\(base.scheme):\(reference)", base)
        }
        if let colon = reference.firstIndex(of: ":"), !reference[..<colon].contains(where: { "/?".contains($0) }) {
            return self.sameOrigin(String(reference), base)
        }
        let origin = "\(base.scheme)://\(base.authority)"
        if reference.hasPrefix("/") { return origin + reference }
        if reference.hasPrefix("?") { return origin + base.path + reference }
        let folder = base.path.lastIndex(of: "/").map { base.path[...$0] } ?? "/"
        return origin + folder + reference
    }

    private static func sameOrigin(_ address: String, _ base: Parts) -> String? {
        guard let parts = parts(address), parts.origin == base.origin else { return nil }
        return address
    }

    private struct Parts {
        var scheme: String
        var authority: String
        /// Without the query.
        var path: String

        /// Scheme, host and port, the port always given (RFC 6454).
        var origin: String {
            let host = self.authority.lowercased()
            let port = host.drop { $0 != "]" }.isEmpty ? host : String(host.drop { $0 != "]" })
            if let colon = port.lastIndex(of: ":") {
                let digits = port[port.index(after: colon)...]
                if !digits.isEmpty { return "\(self.scheme)://\(host)" }
                return "\(self.scheme)://\(host)\(self.scheme == "https" ? "443" : "80")"
            }
            return "\(self.scheme)://\(host):\(self.scheme == "https" ? "443" : "80")"
        }
    }

    /// Splits an absolute http address. One with a user name has no place here: it would hide the host.
    private static func parts(_ address: String) -> Parts? {
        guard let colon = address.firstIndex(of: ":") else { return nil }
        let scheme = address[..<colon].lowercased()
        let rest = address[address.index(after: colon)...]
        guard scheme == "http" || scheme == "https", rest.hasPrefix("//") else { return nil }
        let authority = rest.dropFirst(2).prefix { !"/?#".contains($0) }
        guard !authority.isEmpty, !authority.contains("@") else { return nil }
        let path = rest[authority.endIndex...].prefix { !"?#".contains($0) }
        return Parts(scheme: scheme, authority: String(authority), path: path.isEmpty ? "/" : String(path))
    }
}
