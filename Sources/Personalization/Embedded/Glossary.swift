import ContentHashing

/// Terms that can be found in a text by any of their spellings.
public struct Glossary: Sendable {
    /// Changes when the wording of an explanation changes.
    public let version: String
    /// All terms, in the order of the file.
    public let terms: [GlossaryTerm]
    private let spellings: [String: [Spelling]]

    /// A place in a text where a term stands.
    struct Mention: Hashable {
        var term: Int
        var range: Range<Int>
    }

    private struct Spelling: Hashable {
        var words: [String]
        var term: Int
        /// Abbreviations count only in their own capitals: "AI" is no syllable of a word.
        var exact: String?
    }

    private struct File: Decodable {
        var version: String
        var terms: [GlossaryTerm]
    }

    /// A glossary of the given terms; where two share a spelling, the first one wins.
    public init(version: String, terms: [GlossaryTerm]) {
        self.version = version
        self.terms = terms
        var spellings: [String: [Spelling]] = [:]
        for (index, term) in terms.enumerated() {
            for name in [term.term] + term.aliases {
                let words = Self.words(of: [UInt8](name.utf8)).map(\.text)
                guard let first = words.first else { continue }
                let isAbbreviation = words.count == 1 && name.count(where: \.isUppercase) >= 2
                spellings[first, default: []].append(
                    Spelling(words: words, term: index, exact: isAbbreviation ? name : nil))
            }
        }
        // Longest first, so that "neural network" is not taken for a shorter term it begins with.
        self.spellings = spellings.mapValues { candidates in
            candidates.enumerated().sorted {
                ($1.element.words.count, $0.offset) < ($0.element.words.count, $1.offset)
            }.map(\.element)
        }
    }

    /// The glossary that ships with this module.
    /// - Throws: ``PersonalizationError`` when the file is missing or has another shape.
    public static func bundled() throws(PersonalizationError) -> Glossary {
        let file = try BundledFile.terms.decode(File.self)
        return Glossary(version: file.version, terms: file.terms)
    }

    /// The terms, each with its other spellings after it, by their names in Urdu; the term alone by its explanation.
    public var urduForms: [String: [String]] {
        var forms: [String: [String]] = [:]
        for term in self.terms {
            for name in term.urduNames ?? [] { forms[name, default: []] += [term.term] + term.aliases }
            forms[term.urdu, default: []].append(term.term)
        }
        return forms
    }

    /// This glossary with a book's own terms, which take precedence.
    public func adding(_ bookTerms: [GlossaryTerm]) -> Glossary {
        guard !bookTerms.isEmpty else { return self }
        return Glossary(
            version: "\(self.version)+\(Self.fingerprint(of: bookTerms))", terms: bookTerms + self.terms)
    }

    /// Short, and another one whenever any word of the terms is.
    private static func fingerprint(of terms: [GlossaryTerm]) -> String {
        let fields = terms.flatMap { term in
            [term.term, term.domain.rawValue, term.level.rawValue, term.explanation, term.urdu, term.analogy ?? ""]
                + [term.aliases.joined(separator: "\u{1E}"), (term.urduNames ?? []).joined(separator: "\u{1E}")]
        }
        return String(SHA256Hex.of(fields.map { "\($0.utf8.count):\($0)" }.joined()).prefix(12))
    }

    /// Where terms stand in a text, in its order, without overlaps.
    func mentions(in text: [UInt8]) -> [Mention] {
        let words = Self.words(of: text)
        var found: [Mention] = []
        var index = 0
        while index < words.count {
            let match = self.spellings[words[index].text]?.first { self.matches($0, words, from: index, in: text) }
            guard let match else {
                index += 1
                continue
            }
            let last = index + match.words.count - 1
            found.append(Mention(term: match.term, range: words[index].range.lowerBound..<words[last].range.upperBound))
            index = last + 1
        }
        return found
    }

    private func matches(_ spelling: Spelling, _ words: [Word], from index: Int, in text: [UInt8]) -> Bool {
        guard index + spelling.words.count <= words.count else { return false }
        for offset in 0..<spelling.words.count {
            let word = words[index + offset]
            guard word.text == spelling.words[offset] else { return false }
            if offset > 0 {
                let gap = text[words[index + offset - 1].range.upperBound..<word.range.lowerBound]
                guard gap.count <= 2, gap.allSatisfy({ Self.joiners.contains($0) }) else { return false }
            }
        }
        guard let exact = spelling.exact else { return true }
        return text[words[index].range].elementsEqual(exact.utf8)
    }

    private static let joiners: Set<UInt8> = Set(" \n\r\t-/".utf8)

    private struct Word {
        var text: String
        var range: Range<Int>
    }

    /// The words of a text in lower case. Bytes above 127 belong to words, so other scripts stay whole.
    private static func words(of text: [UInt8]) -> [Word] {
        var words: [Word] = []
        var start: Int?
        for index in 0...text.count {
            let isWordByte = index < text.count && self.isWordByte(text[index])
            if isWordByte {
                if start == nil { start = index }
            } else if let begin = start {
                let word = String(decoding: text[begin..<index], as: UTF8.self)
                words.append(Word(text: word.lowercased(), range: begin..<index))
                start = nil
            }
        }
        return words
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "'"), 128...:
            true
        default: false
        }
    }
}
