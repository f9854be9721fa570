/// Inline Markdown as plain text.
public enum InlineText {
    /// A link target longer than this is taken for text; the limit keeps the time linear.
    private static let maximumTarget = 1_024

    /// The text of one line without emphasis markers, code ticks, link targets and image markup.
    public static func plain(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let character = rest.first {
            switch character {
            case "\\":
                rest.removeFirst()
                if let escaped = rest.popFirst() { result.append(escaped) }
                continue
            case "*", "`":
                break
            case "!" where rest.dropFirst().first == "[":
                break
            case "[":
                break
            case "]":
                let after = rest.dropFirst()
                if after.first == "(", let close = after.prefix(self.maximumTarget).firstIndex(of: ")") {
                    rest = after[after.index(after: close)...]
                    continue
                }
                if after.first != "[" { break }
                if let close = after.prefix(self.maximumTarget).firstIndex(of: "]") {
                    rest = after[after.index(after: close)...]
                    continue
                }
            default:
                result.append(character)
            }
            rest.removeFirst()
        }
        return TextTrim.trimmed(result)
    }
}
