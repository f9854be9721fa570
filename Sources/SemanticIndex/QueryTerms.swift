/// What a query asks for: stems with their weights, and the same as a text for the embedding model.
struct QueryTerms {
    /// More different words than this make a query no more precise, only slower.
    static let maximum = 32

    /// By stem.
    let weights: [String: Double]
    /// The query, with English words after Urdu ones.
    let text: String

    init(_ query: String, glossary: SearchGlossary) {
        var weights: [String: Double] = [:]
        func add(_ text: String, weight: Double) {
            let words = TextNormalizer().words(text).filter { !StopWords.search.contains($0) }
            for stem in words.map(Stemmer.stem) where weights[stem] != nil || weights.count < Self.maximum {
                weights[stem, default: 0] += weight
            }
        }
        add(query, weight: 1)
        let english = glossary.english(for: query)
        for term in english { add(term, weight: 1) }
        self.weights = weights
        self.text = english.isEmpty ? query : "\(query) \(english.joined(separator: " "))"
    }

    var stems: [String] { self.weights.keys.sorted() }
}
