/// Figures of a text's prose: how hard it reads, how long it is, how many terms it holds, in which script it is.
///
/// Headings, tables, code and warnings of danger are left out of account, since no writer changes them.
public struct TextMeasures: Hashable, Sendable, Encodable {
    /// The whole text in Unicode scalars, code included.
    public var scalars: Int
    public var words: Int
    public var sentences: Int
    /// 0 for a text without sentences.
    public var wordsPerSentence: Double
    /// The Flesch–Kincaid grade, the school year in which the text is read with ease; `nil` without English words or
    /// where they are not the most.
    public var grade: Double?
    /// Mentions of terms of the glossary in 100 words.
    public var glossaryDensity: Double
    /// How many of the letters belong to the script of Urdu, from 0 to 1; `nil` for a text without letters.
    public var urduShare: Double?

    enum CodingKeys: String, CodingKey {
        case scalars, words, sentences, grade
        case wordsPerSentence = "words_per_sentence"
        case glossaryDensity = "glossary_density"
        case urduShare = "urdu_share"
    }

    /// Measures a Markdown text.
    public init(_ markdown: String, glossary: Glossary) {
        let sample = ProseSample(Array(markdown.utf8))
        let sentences = sample.sentences
        let letters = sample.letters()
        let mentions = sample.blocks.reduce(0) { $0 + glossary.mentions(in: $1).count }
        let words = sentences.reduce(0) { $0 + $1.count }
        self.scalars = markdown.unicodeScalars.count
        self.words = words
        self.sentences = sentences.count
        self.wordsPerSentence = sentences.isEmpty ? 0 : Double(words) / Double(sentences.count)
        self.grade = letters.urdu * 2 < letters.all ? ReadingGrade.grade(of: sentences) : nil
        self.glossaryDensity = words == 0 ? 0 : 100 * Double(mentions) / Double(words)
        self.urduShare = letters.all == 0 ? nil : Double(letters.urdu) / Double(letters.all)
    }

    /// How long this text is in proportion to its source; `nil` where the source is empty.
    public func lengthRatio(to source: TextMeasures) -> Double? {
        source.scalars == 0 ? nil : Double(self.scalars) / Double(source.scalars)
    }
}
