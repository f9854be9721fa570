/// Divides running text into sentences and words.
enum Sentences {
    private static let ends: Set<Unicode.Scalar> = [".", "!", "?", "۔", "؟", "…"]
    /// What may stand between the end of a sentence and the space after it.
    private static let closers: Set<Unicode.Scalar> = [")", "]", "\"", "'", "”", "’", "*", "_"]

    /// What may stand within a word: apostrophes, hyphens, dots in numbers, joiners and marks of Urdu.
    private static let joins: Set<Unicode.Scalar> = ["'", "’", "-", ".", ",", "\u{200C}", "\u{64B}", "\u{654}"]

    /// The words of each sentence. A sentence also ends with the text and before an item of a list.
    static func read(_ text: String) -> [[String]] {
        let scalars = Array(text.unicodeScalars)
        var sentences: [[String]] = []
        var words: [String] = []
        var word = String.UnicodeScalarView()
        func endWord() {
            if word.contains(where: { $0.properties.isAlphabetic || ("0"..."9").contains($0) }) {
                words.append(String(word))
            }
            word.removeAll()
        }
        func endSentence() {
            if !words.isEmpty { sentences.append(words) }
            words = []
        }
        for (index, scalar) in scalars.enumerated() {
            if self.isWordPart(scalars, index) {
                word.append(scalar)
                continue
            }
            endWord()
            let isLineEnd = scalar == "\n" && self.beginsItem(scalars, after: index)
            if isLineEnd || self.ends.contains(scalar) && self.endsHere(scalars, after: index) { endSentence() }
        }
        endWord()
        endSentence()
        return sentences
    }

    private static func isWordPart(_ scalars: [Unicode.Scalar], _ index: Int) -> Bool {
        let scalar = scalars[index]
        if scalar.properties.isAlphabetic || scalar.properties.numericType != nil { return true }
        guard self.joins.contains(scalar), index > 0, index + 1 < scalars.count else { return false }
        let before = scalars[index - 1].properties
        let after = scalars[index + 1].properties
        // A dot or a comma joins digits only: 9.81, 1,000.
        if scalar == "." || scalar == "," { return before.numericType != nil && after.numericType != nil }
        return before.isAlphabetic && after.isAlphabetic
    }

    private static func endsHere(_ scalars: [Unicode.Scalar], after index: Int) -> Bool {
        var next = index + 1
        while next < scalars.count, self.closers.contains(scalars[next]) || self.ends.contains(scalars[next]) {
            next += 1
        }
        return next >= scalars.count || scalars[next].properties.isWhitespace
    }

    private static func beginsItem(_ scalars: [Unicode.Scalar], after index: Int) -> Bool {
        var next = index + 1
        while next < scalars.count, scalars[next] == " " || scalars[next] == ">" { next += 1 }
        guard next < scalars.count else { return false }
        if scalars[next] == "\n" { return true }
        let digits = next
        while next < scalars.count, ("0"..."9").contains(scalars[next]) { next += 1 }
        let markers: Set<Unicode.Scalar> = next > digits ? [".", ")"] : ["-", "*", "+"]
        return next + 1 < scalars.count && markers.contains(scalars[next]) && scalars[next + 1] == " "
    }
}

/// The Flesch–Kincaid grade of English text: the school year in which it is read with ease.
enum ReadingGrade {
    /// `nil` without words.
    static func grade(of sentences: [[String]]) -> Double? {
        let words = sentences.joined().filter { $0.utf8.contains(where: \.isASCIILetter) }
        guard !words.isEmpty, !sentences.isEmpty else { return nil }
        let syllables = words.reduce(0) { $0 + self.syllables(in: $1) }
        let perSentence = Double(words.count) / Double(sentences.count)
        return 0.39 * perSentence + 11.8 * Double(syllables) / Double(words.count) - 15.59
    }

    /// Groups of vowels, without an `e` that is not spoken; at least one.
    static func syllables(in word: String) -> Int {
        let letters = Array(word.lowercased().utf8.filter { $0.isASCIILetter })
        guard letters.count > 2 else { return 1 }
        var count = 0
        var wasVowel = false
        for letter in letters {
            let isVowel = self.isVowel(letter)
            if isVowel, !wasVowel { count += 1 }
            wasVowel = isVowel
        }
        return max(1, count - (self.endsSilent(letters) ? 1 : 0))
    }

    private static func isVowel(_ letter: UInt8) -> Bool { "aeiouy".utf8.contains(letter) }

    private static func endsSilent(_ letters: [UInt8]) -> Bool {
        let last = letters[letters.count - 1]
        let before = letters[letters.count - 2]
        let third = letters[letters.count - 3]
        if last == UInt8(ascii: "e") {
            // "table" speaks its last syllable, "scale" does not.
            return !self.isVowel(before) && !(before == UInt8(ascii: "l") && !self.isVowel(third))
        }
        guard before == UInt8(ascii: "e") else { return false }
        if last == UInt8(ascii: "d") { return third != UInt8(ascii: "t") && third != UInt8(ascii: "d") }
        return last == UInt8(ascii: "s") && !"sxzcgh".utf8.contains(third) && !self.isVowel(third)
    }
}
