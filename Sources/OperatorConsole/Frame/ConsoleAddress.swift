/// Writes addresses of the console.
enum ConsoleAddress {
    /// A path with a query; fields without a value are left out.
    static func text(_ path: String, _ fields: KeyValuePairs<String, String?> = [:]) -> String {
        let query = fields.compactMap { name, value in
            value.flatMap { $0.isEmpty ? nil : "\(name)=\(Self.encoded($0))" }
        }
        return query.isEmpty ? path : "\(path)?\(query.joined(separator: "&"))"
    }

    /// An address of ours that came from outside: of the console, and never of another site; the overview where it is
    /// not.
    static func local(_ text: String?) -> String {
        guard let text, text.utf8.count <= 1_024, text == "/ops" || text.hasPrefix("/ops/") || text.hasPrefix("/ops?"),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") })
        else { return "/ops" }
        return text
    }

    /// Everything but the unreserved characters of RFC 3986 as `%XX`.
    static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                return String(UnicodeScalar(byte))
            default: return (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
