/// The mark at the beginning of each line of material, by which a model can tell it from instructions.
enum SpotlightMarks {
    private static let mark = "| "

    /// The text with a mark before each line.
    static func marked(_ text: some StringProtocol) -> String {
        var lines = self.lines(text)
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map { $0.isEmpty ? "|" : self.mark + $0 }.joined(separator: "\n")
    }

    /// An answer without the marks, where the model repeated them before every line; else the answer as it is.
    static func unmarked(_ answer: String) -> String {
        let lines = self.lines(answer)
        let marked = lines.filter { !$0.isEmpty }
        guard !marked.isEmpty, marked.allSatisfy({ $0 == "|" || $0.hasPrefix(self.mark) }) else { return answer }
        return lines.map { $0.hasPrefix(self.mark) ? $0.dropFirst(self.mark.count) : $0.dropFirst() }
            .joined(separator: "\n")
    }

    private static func lines(_ text: some StringProtocol) -> [Substring] {
        Substring(text).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    }
}
