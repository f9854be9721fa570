/// Text without Markdown, fit to be set into a sentence of ours.
enum PlainText {
    /// One line without marks that Markdown or HTML would take for its own.
    static func line(_ text: String, limit: Int) -> String {
        var result = ""
        var pendingSpace = false
        for character in text {
            if character.isWhitespace || character.isNewline {
                pendingSpace = !result.isEmpty
            } else if !self.marks.contains(character) {
                if pendingSpace { result.append(" ") }
                pendingSpace = false
                result.append(character)
            }
        }
        guard result.count > limit else { return result }
        let cut = result.prefix(limit)
        return (cut.lastIndex(of: " ").map { String(cut[..<$0]) } ?? String(cut)) + "…"
    }

    private static let marks: Set<Character> = [
        "*", "_", "`", "<", ">", "[", "]", "|", "#", "\\", "~", "$", "{", "}", "⟦", "⟧",
    ]

    /// The sentences of a paragraph's visible text from which nothing was left out.
    static func sentences(_ visible: [UInt8]) -> [String] {
        let text = String(decoding: visible, as: UTF8.self)
        var sentences: [String] = []
        var start = text.startIndex
        var index = start
        while index < text.endIndex {
            let next = text.index(after: index)
            if ".!?".contains(text[index]), next == text.endIndex || text[next].isWhitespace {
                sentences.append(String(text[start..<next].drop(while: \.isWhitespace)))
                start = next
            }
            index = next
        }
        // Two spaces in a row stand for code or a formula that a plain sentence cannot repeat.
        return sentences.filter { !$0.contains("  ") && !$0.contains("$") && !$0.hasSuffix("?") }
    }
}
