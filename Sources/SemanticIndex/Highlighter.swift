/// A piece of a result's text in which words of the query stand.
///
/// Text and places, never markup: whoever shows it decides how, and escapes it like any other text.
public struct SearchHighlight: Encodable, Sendable, Hashable {
    /// Where a word stands in ``SearchHighlight/text``, in UTF-16 code units, the last one excluded.
    public struct Match: Encodable, Sendable, Hashable {
        public var start: Int
        public var end: Int
    }

    /// Taken from the result's text as it is.
    public var text: String
    /// In their order, without overlaps.
    public var matches: [Match]
}

/// Finds the pieces of texts that show why they were found.
struct Highlighter {
    static let maximumFragments = 3
    /// UTF-16 code units around a match that belong to its fragment.
    static let context = 80
    private static let maximumMatches = 12

    private let stems: Set<String>
    /// Words seen before: the texts of one answer repeat each other's.
    private var known: [String: Bool] = [:]

    /// - Parameter stems: of the query.
    init(stems: some Sequence<String>) {
        self.stems = Set(stems)
    }

    /// The fragments with most different words of the query, in the text's order. None where the text has none of them.
    mutating func highlights(in text: String) -> [SearchHighlight] {
        guard !self.stems.isEmpty else { return [] }
        let words = WordScan(text).words
        let matching = words.indices.filter { self.matches(words[$0].text) }
        guard !matching.isEmpty else { return [] }
        var spans = Self.spans(matching.map { words[$0].range }, length: text.utf16.count)
        spans.sort { ($1.count, $0.range.lowerBound) < ($0.count, $1.range.lowerBound) }
        let starts = Set(words.map(\.range.lowerBound))
        let ends = Set(words.map(\.range.upperBound))
        return spans.prefix(Self.maximumFragments).sorted { $0.range.lowerBound < $1.range.lowerBound }.map { span in
            // Cut between words only.
            let start = (span.range.lowerBound...span.matches[0].lowerBound).first { starts.contains($0) }
            let last = span.matches[span.matches.count - 1].upperBound
            let end = (last...max(last, span.range.upperBound)).last { ends.contains($0) }
            return Self.highlight(text, (start ?? span.matches[0].lowerBound)..<(end ?? last), span.matches)
        }
    }

    private mutating func matches(_ word: String) -> Bool {
        if let known = self.known[word] { return known }
        let matches = TextNormalizer().stems(word).contains { self.stems.contains($0) }
        self.known[word] = matches
        return matches
    }

    private struct Span {
        var range: Range<Int>
        var matches: [Range<Int>]
        var count: Int { self.matches.count }
    }

    /// Matches that stand near to each other share a fragment.
    private static func spans(_ matches: [Range<Int>], length: Int) -> [Span] {
        var spans: [Span] = []
        for match in matches {
            let range = max(0, match.lowerBound - self.context)..<min(length, match.upperBound + self.context)
            if let last = spans.last, match.upperBound - last.matches[0].lowerBound <= 2 * self.context,
                last.matches.count < self.maximumMatches
            {
                spans[spans.count - 1].range = last.range.lowerBound..<range.upperBound
                spans[spans.count - 1].matches.append(match)
            } else {
                let start = max(range.lowerBound, spans.last?.range.upperBound ?? 0)
                spans.append(Span(range: min(start, match.lowerBound)..<range.upperBound, matches: [match]))
            }
        }
        return spans
    }

    private static func highlight(_ text: String, _ range: Range<Int>, _ matches: [Range<Int>]) -> SearchHighlight {
        let units = text.utf16
        let start = units.index(units.startIndex, offsetBy: range.lowerBound)
        let end = units.index(start, offsetBy: range.count)
        return SearchHighlight(
            text: String(text[start..<end]),
            matches: matches.map {
                .init(start: $0.lowerBound - range.lowerBound, end: $0.upperBound - range.lowerBound)
            })
    }
}
