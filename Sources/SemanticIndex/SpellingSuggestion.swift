/// A word of the book for one that the book does not have.
enum SpellingSuggestion {
    /// Shorter words have too many neighbours.
    static let minimumLength = 4
    private static let maximumLength = 24

    /// A word of the book and how many chunks have it.
    struct Known: Sendable, Hashable {
        var word: String
        var chunks: Int
    }

    /// The stems of all words that are one slip away: a letter left out, put in, changed, or two exchanged.
    static func stemsNearby(_ word: String) -> [String] {
        let letters = Array(word.unicodeScalars)
        guard (self.minimumLength...self.maximumLength).contains(letters.count) else { return [] }
        let alphabet = self.alphabet(of: letters)
        var stems: Set<String> = []
        func add(_ scalars: [Unicode.Scalar]) { stems.insert(Stemmer.stem(String(String.UnicodeScalarView(scalars)))) }
        for place in 0...letters.count {
            for letter in alphabet {
                add(letters[..<place] + [letter] + letters[place...])
                if place < letters.count { add(letters[..<place] + [letter] + letters[(place + 1)...]) }
            }
            guard place < letters.count else { continue }
            add(Array(letters[..<place] + letters[(place + 1)...]))
            if place + 1 < letters.count {
                add(letters[..<place] + [letters[place + 1], letters[place]] + letters[(place + 2)...])
            }
        }
        return stems.sorted()
    }

    /// The letters that words with this beginning share, for slips further away.
    static func beginning(_ word: String) -> String? {
        let letters = word.unicodeScalars
        guard letters.count > self.minimumLength + 1, letters.count <= self.maximumLength else { return nil }
        return String(String.UnicodeScalarView(letters.prefix(2)))
    }

    /// The word that is meant, if one is near enough: one slip, or two in a word of six letters and more.
    static func best(for word: String, of known: [Known]) -> String? {
        let letters = Array(word.unicodeScalars)
        let limit = letters.count > self.minimumLength + 1 ? 2 : 1
        let near = known.map { (known: $0, distance: self.distance(letters, Array($0.word.unicodeScalars))) }
            .filter { $0.distance > 0 && $0.distance <= limit }
        return near.min {
            ($0.distance, -$0.known.chunks, $0.known.word) < ($1.distance, -$1.known.chunks, $1.known.word)
        }?.known.word
    }

    /// How many slips lead from one word to the other; the exchange of two neighbours is one.
    static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        var before: [Int] = []
        var previous = Array(0...right.count)
        for (row, letter) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                let changed = previous[column] + (letter == other ? 0 : 1)
                var least = min(changed, previous[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                    least = min(least, before[column - 1] + 1)
                }
                current.append(least)
            }
            before = previous
            previous = current
        }
        return previous[right.count]
    }

    private static let latin = (UInt8(ascii: "a")...UInt8(ascii: "z")).map { Unicode.Scalar($0) }
    private static let urdu = Array("ابپتٹثجچحخدڈذرڑزژسشصضطظعغفقکگلمنںوہھءیئے".unicodeScalars)

    private static func alphabet(of letters: [Unicode.Scalar]) -> [Unicode.Scalar] {
        letters.contains { (0x0600...0x06FF).contains($0.value) } ? self.urdu : self.latin
    }
}
