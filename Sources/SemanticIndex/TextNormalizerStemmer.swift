/// Reduces English words to stems: what words of one family share, not a word itself.
///
/// A handful of endings, each taken off only where enough of the word stays. It errs towards leaving words apart.
enum Stemmer {
    /// Endings, longer before shorter, what replaces them, and the least bytes that must stay in front.
    private static let endings: [(ending: String, replacement: String, stay: Int)] = [
        ("ications", "ic", 3), ("ication", "ic", 3), ("izations", "iz", 3), ("ization", "iz", 3), ("ational", "", 4),
        ("ations", "", 4), ("ation", "", 4), ("ators", "", 4), ("ator", "", 4), ("ating", "", 4), ("ated", "", 4),
        ("ates", "", 4), ("ate", "", 4), ("ically", "", 4), ("fulness", "", 4), ("iveness", "iv", 3), ("ments", "", 4),
        ("ment", "", 4), ("ness", "", 4), ("fully", "", 4), ("ful", "", 4), ("less", "", 4), ("ities", "", 4),
        ("ity", "", 4), ("ables", "", 4), ("able", "", 4), ("ibly", "", 4), ("ible", "", 4), ("ively", "iv", 3),
        ("ives", "iv", 3), ("ive", "iv", 3), ("ions", "", 4), ("ion", "", 4), ("ics", "", 4), ("ical", "", 4),
        ("ic", "", 4), ("ally", "al", 4), ("ingly", "", 4), ("ings", "", 3), ("ing", "", 3), ("edly", "", 4),
        ("ers", "", 4), ("er", "", 4), ("ors", "", 4), ("or", "", 4), ("ied", "y", 2), ("ed", "", 3), ("ly", "", 4),
        ("al", "", 5),
    ]
    private static let endingBytes = Self.endings.map { (Array($0.ending.utf8), Array($0.replacement.utf8), $0.stay) }

    /// The stem of a word in lower case; words that are not plain English letters come back as they are.
    static func stem(_ word: String) -> String {
        var letters = Array(word.utf8)
        guard letters.count > 3, letters.allSatisfy({ $0 >= 0x61 && $0 <= 0x7A }) else { return word }
        self.dropPlural(&letters)
        for (ending, replacement, stay) in self.endingBytes where letters.count >= ending.count + stay {
            guard letters.suffix(ending.count).elementsEqual(ending) else { continue }
            let rest = letters.dropLast(ending.count)
            guard rest.contains(where: self.isVowel) else { continue }
            letters = rest + replacement
            break
        }
        self.unify(&letters)
        return String(decoding: letters, as: UTF8.self)
    }

    private static func dropPlural(_ letters: inout [UInt8]) {
        guard letters.last == UInt8(ascii: "s"), letters.count > 3 else { return }
        let before = letters[letters.count - 2]
        if letters.hasEnding("ies"), letters.count > 4 {
            letters.replaceSubrange((letters.count - 3)..., with: [UInt8(ascii: "y")])
        } else if ["sses", "xes", "zes", "ches", "shes"].contains(where: letters.hasEnding) {
            letters.removeLast(2)
        } else if before != UInt8(ascii: "s"), before != UInt8(ascii: "u"), before != UInt8(ascii: "i") {
            letters.removeLast()
        }
    }

    /// `make` and `making`, `study` and `studi`, `control` and `controll` end alike.
    private static func unify(_ letters: inout [UInt8]) {
        if letters.count > 3, letters.last == UInt8(ascii: "e") { letters.removeLast() }
        if letters.count > 3, letters.last == UInt8(ascii: "y") { letters[letters.count - 1] = UInt8(ascii: "i") }
        guard letters.count > 3, let last = letters.last, last == letters[letters.count - 2] else { return }
        if !self.isVowel(last) { letters.removeLast() }
    }

    private static func isVowel(_ letter: UInt8) -> Bool {
        "aeiouy".utf8.contains(letter)
    }
}

extension [UInt8] {
    fileprivate func hasEnding(_ ending: String) -> Bool {
        self.suffix(ending.utf8.count).elementsEqual(ending.utf8)
    }
}
