/// Text made harmless inside an element or a quoted attribute.
package enum HTMLEscape {
    static func append(_ text: some StringProtocol, to html: inout String) {
        let isPlain = text.utf8.allSatisfy { byte in
            // The five lie between 0x22 and 0x3E.
            byte < 0x22 || byte > 0x3E || !"&<>\"'".utf8.contains(byte)
        }
        guard !isPlain else {
            html += text
            return
        }
        var plain = text.startIndex
        for index in text.utf8.indices {
            let replacement: String
            switch text.utf8[index] {
            case UInt8(ascii: "&"): replacement = "&amp;"
            case UInt8(ascii: "<"): replacement = "&lt;"
            case UInt8(ascii: ">"): replacement = "&gt;"
            case UInt8(ascii: "\""): replacement = "&quot;"
            case UInt8(ascii: "'"): replacement = "&#39;"
            default: continue
            }
            html += text[plain..<index]
            html += replacement
            plain = text.utf8.index(after: index)
        }
        html += text[plain...]
    }

    package static func escaped(_ text: some StringProtocol) -> String {
        var html = ""
        self.append(text, to: &html)
        return html
    }
}
