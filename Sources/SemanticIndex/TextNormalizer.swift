/// Turns text into the words that search compares: lower case, without accents, split at capitals inside names,
/// English words reduced to stems, Urdu letters unified and kept.
public struct TextNormalizer: Sendable {
    /// Changes when the same text gives other words, so that stored results can be told apart.
    public static let version = "1"

    /// A word longer than this many scalars is cut off; no word of a language is.
    private static let maximumWordLength = 48

    /// A normalizer.
    public init() {}

    /// The stems of the words that carry meaning, in their order. `JointState` gives `joint`, `state`, `jointstate`.
    public func stems(_ text: String) -> [String] {
        self.words(text).filter { !StopWords.all.contains($0) }.map(Stemmer.stem)
    }

    /// All words in lower case, unstemmed, stop words included.
    public func words(_ text: String) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        var parts: [String] = []
        var part = String.UnicodeScalarView()
        var wasLower = false

        func endPart() {
            if !part.isEmpty { parts.append(String(part)) }
            part = String.UnicodeScalarView()
        }
        func endWord() {
            endPart()
            if parts.count > 1 {
                words += parts.filter { $0.unicodeScalars.count > 1 }
                words.append(String(word))
            } else if !word.isEmpty {
                words.append(String(word))
            }
            word = String.UnicodeScalarView()
            parts = []
            wasLower = false
        }

        for scalar in text.unicodeScalars {
            switch ScalarFolding.fold(scalar) {
            case .separator:
                endWord()
            case .nothing:
                continue
            case .letter(let folded, let isUpper):
                if isUpper, wasLower { endPart() }
                wasLower = !isUpper
                guard word.count < TextNormalizer.maximumWordLength else { continue }
                word.append(folded)
                part.append(folded)
            case .letters(let folded):
                guard word.count < TextNormalizer.maximumWordLength else { continue }
                word.append(contentsOf: folded.unicodeScalars)
                part.append(contentsOf: folded.unicodeScalars)
            }
        }
        endWord()
        return words
    }
}
