/// The line that opens or closes an aside: `:::note Title`, `:::`.
enum AdmonitionLine: Hashable, Sendable {
    case open(colons: Int, kind: String, title: String)
    case close(colons: Int)

    private static let titles = [
        "note": "Note", "tip": "Tip", "info": "Info", "warning": "Warning", "danger": "Danger",
    ]

    /// Reads a line without its indentation; `nil` for any other line.
    init?(_ line: ArraySlice<UInt8>) {
        let colons = line.prefix { $0 == UInt8(ascii: ":") }.count
        guard (3...12).contains(colons) else { return nil }
        var rest = Self.trimmed(Substring(decoding: line.dropFirst(colons), as: UTF8.self))
        guard !rest.isEmpty else {
            self = .close(colons: colons)
            return
        }
        let word = rest.prefix { $0.isLetter && $0.isASCII }
        let name = word.lowercased() == "caution" ? "warning" : word.lowercased()
        guard let usualTitle = Self.titles[name] else { return nil }
        rest = rest[word.endIndex...]
        guard rest.isEmpty || rest.first == " " || rest.first == "\t" || rest.first == "[" else { return nil }
        rest = Self.trimmed(rest)
        if rest.first == "[", rest.last == "]" { rest = Self.trimmed(rest.dropFirst().dropLast()) }
        self = .open(colons: colons, kind: name, title: rest.isEmpty ? usualTitle : String(rest.prefix(200)))
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
