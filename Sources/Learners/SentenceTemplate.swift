/// A sentence for learners with `{names}` in it that are filled in.
package struct SentenceTemplate: Sendable {
    private let text: String

    package init(_ text: String) {
        self.text = text
    }

    /// The sentence. One pass, so that braces inside a value are never taken for a name.
    /// - Parameter value: of a name; nothing is written for one that has none.
    package func filled(_ value: (String) -> String?) -> String {
        var rest = self.text[...]
        var result = ""
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            result += rest[..<open]
            result += value(String(rest[rest.index(after: open)..<close])) ?? ""
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }
}
