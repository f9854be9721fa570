/// Divides long sentences at a semicolon, where both halves can stand alone.
enum SentenceSplitter {
    /// Words a sentence may have before it is divided.
    private static let longSentence = 24

    /// Words that open a main clause after a semicolon.
    private static let openers: Set<String> = [
        "it", "they", "we", "you", "he", "she", "this", "that", "these", "those", "the", "there", "a", "an", "its",
        "their", "our", "your", "each", "every",
    ]

    /// The paragraph with some semicolons turned into full stops; every other byte stays.
    static func split(_ paragraph: ArraySlice<UInt8>) -> [UInt8] {
        var result = Array(paragraph)
        let visible = InlineScan(paragraph).visible
        for sentence in self.sentences(visible) {
            let semicolons = sentence.filter { visible[$0] == UInt8(ascii: ";") }
            guard semicolons.count == 1, let place = semicolons.first,
                self.words(visible[sentence]) > self.longSentence,
                self.isSafe(visible[sentence.lowerBound..<place], visible[place..<sentence.upperBound]),
                let opener = self.opener(visible, after: place, limit: sentence.upperBound)
            else { continue }
            result[place] = UInt8(ascii: ".")
            result[opener] -= 0x20
        }
        return result
    }

    /// Both halves must be free of marks that could span the semicolon.
    private static func isSafe(_ halves: ArraySlice<UInt8>...) -> Bool {
        let marks: Set<UInt8> = Set("()*_\"`[]{}$|~:".utf8)
        return halves.allSatisfy { half in
            half.allSatisfy { $0 < 0x80 && !marks.contains($0) } && self.words(half) >= 5
        }
    }

    private static func sentences(_ text: [UInt8]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = 0
        for index in text.indices {
            let endsHere = [UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "?")].contains(text[index])
            guard endsHere, index + 1 == text.count || text[index + 1] <= 0x20 else { continue }
            ranges.append(start..<(index + 1))
            start = index + 1
        }
        return ranges
    }

    private static func words(_ text: ArraySlice<UInt8>) -> Int {
        text.split { $0 <= 0x20 }.count
    }

    /// The offset of the clause's first letter, when it follows one space and is a known opener.
    private static func opener(_ text: [UInt8], after place: Int, limit: Int) -> Int? {
        let start = place + 2
        guard start < limit, text[place + 1] == UInt8(ascii: " ") || text[place + 1] == 0x0A else { return nil }
        let end = text[start..<limit].firstIndex { !$0.isASCIILetter } ?? limit
        let word = String(decoding: text[start..<end], as: UTF8.self)
        return self.openers.contains(word) ? start : nil
    }
}
