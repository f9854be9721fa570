/// Decides which addresses of links and images reach the page, and in which form.
///
/// Browsers are more lenient than any specification: they drop tabs, line ends and leading controls, and take a
/// backslash for a slash. So everything outside a small set of characters is refused or percent-encoded first.
enum LinkPolicy {
    struct Link: Hashable {
        var href: String
        /// Leads to another site.
        var isExternal: Bool
    }

    /// `nil` for an address that may not be linked.
    static func link(_ address: String) -> Link? {
        guard let address = self.trimmed(address) else { return nil }
        guard let scheme = self.scheme(of: address) else {
            // Two slashes lead to another host under the page's own scheme.
            guard !address.hasPrefix("//"), !address.hasPrefix("/\\"), !address.hasPrefix("\\") else { return nil }
            return Link(href: self.encoded(address), isExternal: false)
        }
        switch scheme {
        case "http", "https":
            let rest = address.dropFirst(scheme.count + 1)
            guard rest.hasPrefix("//"), let host = rest.dropFirst(2).utf8.first, !"/\\?#".utf8.contains(host) else {
                return nil
            }
            return Link(href: self.encoded(address), isExternal: true)
        case "mailto":
            return Link(href: self.encoded(address), isExternal: false)
        default:
            return nil
        }
    }

    /// The address of an image of the own origin; `nil` for any other.
    static func image(_ address: String, base: String) -> String? {
        guard let address = self.trimmed(address), !address.isEmpty, self.scheme(of: address) == nil,
            !address.hasPrefix("//"), !address.contains("\\"), !address.contains("?"), !address.contains("#")
        else { return nil }
        let lowercased = address.lowercased()
        // Encoded dots and separators would become a way upwards on some servers.
        guard !["%2e", "%2f", "%5c", "%00", "%25"].contains(where: lowercased.contains) else { return nil }
        guard !address.split(separator: "/").contains("..") else { return nil }
        return self.encoded(address.hasPrefix("/") ? address : base + address)
    }

    private static func trimmed(_ address: String) -> String? {
        guard address.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }), address.utf8.count <= 4096 else { return nil }
        var bytes = address.utf8[...]
        while bytes.first == 0x20 { bytes = bytes.dropFirst() }
        while bytes.last == 0x20 { bytes = bytes.dropLast() }
        return String(Substring(bytes))
    }

    /// What stands before a colon that comes before any slash, question mark or hash (RFC 3986, section 4.2).
    private static func scheme(of address: String) -> String? {
        let prefix = address.utf8.prefix { !"/\\?#".utf8.contains($0) }
        guard let colon = prefix.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        return String(Substring(prefix[..<colon])).lowercased()
    }

    /// Percent-encodes all that RFC 3986 does not allow in a URL; what is encoded already stays as it is.
    private static func encoded(_ address: String) -> String {
        guard !address.utf8.allSatisfy(self.isAllowed) else { return address }
        var result: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in address.utf8 {
            if self.isAllowed(byte) {
                result.append(byte)
            } else {
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "-._~:/?#[]@!$&()*+,;=%".utf8.contains(byte)
        }
    }
}
