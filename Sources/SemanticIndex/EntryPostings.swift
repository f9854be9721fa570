/// What keyword search knows of one entry of the index: the stems of its chunks, counted.
struct EntryPostings: Sendable, Hashable {
    /// Changes whenever the same chunks give other postings: every lesson is then indexed anew.
    static let version = "2"

    /// What one word of a title counts, measured in words of the body.
    private static let lessonTitleWeight = 0.5
    private static let outerTitleWeight = 0.25
    private static let headingWeight = 0.5

    /// A stem, and where the entry has it.
    struct Posting: Sendable, Hashable, Encodable {
        var term: String
        /// The stem's most frequent form.
        var word: String
        /// By index, ascending.
        var chunks: [Int]
        /// As many as there are chunks.
        var frequencies: [Double]
    }

    /// By term.
    let postings: [Posting]
    /// The weighted number of words of each chunk.
    let lengths: [Double]
    /// Whether the chunk is of a section that every lesson has alike.
    let isFrame: [Bool]
    /// The id of each chunk's heading in the lesson's page; empty where there is none.
    let anchors: [String]

    /// - Parameters:
    ///   - text: the lesson's file.
    ///   - titles: of part, chapter and lesson.
    init(of chunks: [Chunk], text: String, titles: [String]) {
        var tally = Tally()
        var lengths: [Double] = []
        for (index, chunk) in chunks.enumerated() {
            let before = tally.total
            let body = EmbeddingText.plain(Array(chunk.body.utf8)[...])
            tally.count(String(decoding: body, as: UTF8.self), in: index, weight: 1)
            for heading in chunk.headingPath { tally.count(heading, in: index, weight: Self.headingWeight) }
            if let lesson = titles.last { tally.count(lesson, in: index, weight: Self.lessonTitleWeight) }
            // In every chunk they would tell none apart, and make their words look frequent in the text.
            for title in titles.dropLast() where index == 0 {
                tally.count(title, in: index, weight: Self.outerTitleWeight)
            }
            lengths.append(tally.total - before)
        }
        let anchors = SectionAnchors(text)
        self.postings = tally.postings()
        self.lengths = lengths
        self.isFrame = chunks.map(\.role.isFrame)
        self.anchors = chunks.map { anchors.anchor(atLine: $0.firstLine) ?? "" }
    }

    private struct Tally {
        /// Of all words so far, weighted.
        var total = 0.0
        private var counts: [String: [Int: Double]] = [:]
        private var words: [String: [String: Int]] = [:]

        mutating func count(_ text: String, in chunk: Int, weight: Double) {
            for word in TextNormalizer().words(text) where !StopWords.search.contains(word) {
                let stem = Stemmer.stem(word)
                self.counts[stem, default: [:]][chunk, default: 0] += weight
                self.words[stem, default: [:]][word, default: 0] += 1
                self.total += weight
            }
        }

        func postings() -> [Posting] {
            self.counts.sorted { $0.key < $1.key }.map { stem, counts in
                let sorted = counts.sorted { $0.key < $1.key }
                // Of forms that are as frequent, the shortest: it has the fewest endings.
                let word = self.words[stem]?.max {
                    ($0.value, $1.key.utf8.count, $1.key) < ($1.value, $0.key.utf8.count, $0.key)
                }?.key
                return Posting(
                    term: stem, word: word ?? stem, chunks: sorted.map(\.key), frequencies: sorted.map(\.value))
            }
        }
    }
}

extension ChunkRole {
    /// Sections that every lesson has alike say little about what a lesson teaches.
    var isFrame: Bool {
        switch self {
        case .objectives, .practice, .reflection: true
        case .content, .summary: false
        }
    }
}
