/// English words for Urdu ones, so that a question in Urdu finds what an English book says.
public struct SearchGlossary: Sendable {
    /// One without any words.
    public static let empty = SearchGlossary([:])

    /// More words than this are no name but a description.
    private static let longestName = 4
    /// From here on two spellings are taken for the same word.
    private static let similarity = 0.5

    private let names: [String: [String]]
    /// The single words of names, for those that are spelt otherwise.
    private let nameWords: [(grams: Set<String>, english: [String])]
    private let descriptions: [(words: Set<String>, english: [String])]
    /// In how many descriptions a word stands.
    private let descriptionCounts: [String: Int]

    /// A glossary.
    /// - Parameter entries: English terms, the best first, by an Urdu name or a description in Urdu.
    public init(_ entries: [String: [String]]) {
        var names: [String: [String]] = [:]
        var nameWords: [(grams: Set<String>, english: [String])] = []
        var descriptions: [(words: Set<String>, english: [String])] = []
        for (urdu, english) in entries.sorted(by: { $0.key < $1.key }) {
            let words = Self.urduWords(urdu)
            guard !words.isEmpty, !english.isEmpty else { continue }
            if words.count > Self.longestName {
                descriptions.append((Set(words), english))
            } else {
                names[words.joined(separator: " "), default: []] += english
                if words.count == 1 { nameWords.append((Self.trigrams(words[0]), english)) }
            }
        }
        self.names = names
        self.nameWords = nameWords
        self.descriptions = descriptions
        var counts: [String: Int] = [:]
        for description in descriptions {
            for word in description.words { counts[word, default: 0] += 1 }
        }
        self.descriptionCounts = counts
    }

    /// English terms for the Urdu words of a text, without repetitions. Names as they are, then names spelt alike;
    /// where no name fits, the terms that are described with these words.
    func english(for text: String) -> [String] {
        let words = Self.urduWords(text)
        guard !words.isEmpty else { return [] }
        var found: [String] = []
        var place = 0
        while place < words.count {
            let longest = min(Self.longestName, words.count - place)
            let length = (1...longest).last { self.names[words[place..<(place + $0)].joined(separator: " ")] != nil }
            if let length {
                found += self.names[words[place..<(place + length)].joined(separator: " ")] ?? []
            } else {
                found += self.spelledAlike(words[place])
            }
            place += length ?? 1
        }
        if found.isEmpty { found = self.described(by: Set(words)) }
        var seen: Set<String> = []
        return found.filter { seen.insert($0).inserted }
    }

    private func spelledAlike(_ word: String) -> [String] {
        guard word.unicodeScalars.count >= 3 else { return [] }
        let grams = Self.trigrams(word)
        var best: (similarity: Double, english: [String]) = (Self.similarity, [])
        for name in self.nameWords {
            let shared = Double(grams.intersection(name.grams).count)
            let similarity = shared / (Double(grams.count + name.grams.count) - shared)
            if similarity > best.similarity || (best.english.isEmpty && similarity == best.similarity) {
                best = (similarity, name.english)
            }
        }
        return best.english
    }

    private func described(by words: Set<String>) -> [String] {
        let scored = self.descriptions.enumerated().map { index, description in
            let shared = words.intersection(description.words)
            // A word that stands in most descriptions says little.
            let score = shared.reduce(0.0) { $0 + 1 / Double(self.descriptionCounts[$1] ?? 1) }
            return (index: index, score: score)
        }
        return scored.filter { $0.score >= 0.5 }.sorted { ($1.score, $0.index) < ($0.score, $1.index) }.prefix(2)
            .flatMap { self.descriptions[$0.index].english.prefix(1) }
    }

    /// The words in Arabic letters, spelt in one way.
    static func urduWords(_ text: String) -> [String] {
        TextNormalizer().words(text).filter { word in
            word.unicodeScalars.contains { (0x0600...0x06FF).contains($0.value) }
        }
    }

    static func trigrams(_ word: String) -> Set<String> {
        let scalars = Array("  \(word) ".unicodeScalars)
        guard scalars.count >= 3 else { return [] }
        return Set(
            (0...(scalars.count - 3)).map { String(String.UnicodeScalarView(scalars[$0..<($0 + 3)])) })
    }
}
