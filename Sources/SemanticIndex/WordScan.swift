/// The words of a text and where they stand, in UTF-16 code units as browsers count them.
struct WordScan {
    struct Word: Hashable {
        /// As it stands in the text.
        var text: String
        var range: Range<Int>
    }

    let words: [Word]

    init(_ text: String) {
        var words: [Word] = []
        var word = String.UnicodeScalarView()
        var start = 0
        var place = 0
        func end(at place: Int) {
            if !word.isEmpty { words.append(Word(text: String(word), range: start..<place)) }
            word = String.UnicodeScalarView()
        }
        for scalar in text.unicodeScalars {
            switch ScalarFolding.fold(scalar) {
            case .separator:
                end(at: place)
            case .letter, .letters:
                if word.isEmpty { start = place }
                word.append(scalar)
            case .nothing:
                if !word.isEmpty { word.append(scalar) }
            }
            place += UTF16.width(scalar)
        }
        end(at: place)
        self.words = words
    }
}
