/// Inline Markdown as plain text.
public enum InlineText {
    /// A link target longer than this is taken for text.
    private static let maximumTarget = 1_024

    /// The text of one line without emphasis markers, code ticks, link targets and image markup.
    public static func plain(_ text: String) -> String {
        let characters = Array(text)
        var result = ""
        var place = 0
        /// Before this place no target is known to close; looking again would cost quadratic time.
        var unclosedUntil = 0
        while place < characters.count {
            switch characters[place] {
            case "\\":
                place += 1
                if place < characters.count { result.append(characters[place]) }
            case "*", "`", "[":
                break
            case "!" where place + 1 < characters.count && characters[place + 1] == "[":
                break
            case "]":
                guard place + 1 < characters.count, place >= unclosedUntil else { break }
                let open = characters[place + 1]
                guard open == "(" || open == "[" else { break }
                let range = (place + 2)..<max(place + 2, min(characters.count, place + self.maximumTarget))
                if let close = characters[range].firstIndex(of: open == "(" ? ")" : "]") {
                    place = close
                } else {
                    unclosedUntil = range.upperBound
                }
            default:
                result.append(characters[place])
            }
            place += 1
        }
        return TextTrim.trimmed(result)
    }
}
