/// Cuts a text into the tokens of a byte-pair vocabulary: characters first, then neighbours are merged by rule.
///
/// A character that the vocabulary does not know becomes its bytes, so every text has tokens. Names of special tokens
/// (`<s>`) in a text are text like any other.
struct BytePairTokenizer: Sendable {
    let rewriting: ScalarRewriting
    /// The tokens that are a single character.
    let characters: [Unicode.Scalar: UInt32]
    /// The token of each byte.
    let bytes: [UInt32]
    let rules: PairMerging.Rules
    /// One more than the largest token.
    let tokenCount: Int

    /// Text beyond this many bytes does not count.
    static let maximumBytes = 64 * 1024

    /// The tokens of a text, in its order; none for an empty text.
    func tokens(of text: String) -> [UInt32] {
        var tokens: [UInt32] = []
        for scalar in self.rewriting.scalars(of: Self.beginning(of: text).unicodeScalars) {
            if let token = self.characters[scalar] {
                tokens.append(token)
            } else {
                for byte in scalar.utf8 { tokens.append(self.bytes[Int(byte)]) }
            }
        }
        return PairMerging.merged(tokens, by: self.rules)
    }

    private static func beginning(of text: String) -> Substring {
        guard text.utf8.count > self.maximumBytes else { return text[...] }
        var end = text.utf8.index(text.startIndex, offsetBy: self.maximumBytes)
        // A character that lies across the limit does not count in part.
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        return text[..<end]
    }
}
