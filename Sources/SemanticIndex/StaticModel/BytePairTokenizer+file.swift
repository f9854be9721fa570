extension BytePairTokenizer {
    static let maximumFileBytes = 16 * 1024 * 1024
    private static let maximumTokens = 1 << 18
    private static let maximumRules = 1 << 20
    private static let maximumTokenBytes = 1_024

    /// A token's text, compared byte by byte.
    private struct TokenText: Hashable {
        var bytes: ArraySlice<UInt8>

        func hash(into hasher: inout Hasher) {
            self.bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        }
    }

    /// Reads a `tokenizer.json` whose model is byte-pair encoding with a token for each byte and no pre-tokenizer.
    init(json bytes: [UInt8]) throws(StaticModelError) {
        var json = ModelJSON(bytes)
        var rewriting = ScalarRewriting()
        var model: Model?
        try json.members { (json, name) throws(StaticModelError) in
            switch String(decoding: name, as: UTF8.self) {
            case "normalizer": rewriting = try ScalarRewriting(&json)
            case "model": model = try Model(&json)
            case "pre_tokenizer":
                guard json.take("null") else { throw StaticModelError(.unsupported, "it has a pre-tokenizer") }
            // How long texts are cut and what is put around them is not its affair here.
            default: try json.skip()
            }
        }
        try json.end()
        guard let model else { throw StaticModelError(.malformed, "it has no model") }
        self.rewriting = rewriting
        self.characters = model.characters
        self.bytes = try model.byteTokens()
        self.rules = try model.rules()
        self.tokenCount = model.tokenCount
    }

    /// The member `model` as it is read.
    private struct Model {
        private var tokens: [TokenText: UInt32] = [:]
        /// The two sides of each rule, in the order of their ranks.
        private var pairs: [(left: ArraySlice<UInt8>, right: ArraySlice<UInt8>)] = []
        private(set) var characters: [Unicode.Scalar: UInt32] = [:]
        private(set) var tokenCount = 0

        init(_ json: inout ModelJSON) throws(StaticModelError) {
            var type = ""
            var hasBytes = false
            try json.members { (json, name) throws(StaticModelError) in
                let name = String(decoding: name, as: UTF8.self)
                switch name {
                case "type": type = String(decoding: try json.string().prefix(32), as: UTF8.self)
                case "byte_fallback": hasBytes = json.take("true") || !json.take("false")
                case "dropout", "continuing_subword_prefix", "end_of_word_suffix":
                    guard json.take("null") else { throw StaticModelError(.unsupported, "its model has a \(name)") }
                case "ignore_merges":
                    guard json.take("false") else { throw StaticModelError(.unsupported, "its model ignores merges") }
                case "vocab": try self.readTokens(&json)
                case "merges": try self.readPairs(&json)
                default: try json.skip()
                }
            }
            guard type == "BPE", hasBytes else {
                throw StaticModelError(.unsupported, "its model is \(type), not BPE with byte_fallback")
            }
        }

        private mutating func readTokens(_ json: inout ModelJSON) throws(StaticModelError) {
            guard self.tokens.isEmpty else { throw json.error("the vocabulary stands there twice") }
            self.tokens.reserveCapacity(32_768)
            var seen: [Bool] = []
            try json.members { (json, text) throws(StaticModelError) in
                let token = try json.number()
                guard token < BytePairTokenizer.maximumTokens, text.count <= BytePairTokenizer.maximumTokenBytes else {
                    throw StaticModelError(
                        .tooLarge, "its vocabulary has a token with number \(token) and \(text.count) bytes")
                }
                while seen.count <= token { seen.append(false) }
                guard !seen[token], self.tokens.updateValue(UInt32(token), forKey: TokenText(bytes: text)) == nil else {
                    throw json.error("a token stands there twice")
                }
                seen[token] = true
                if let scalar = Unicode.Scalar(onlyIn: text) { self.characters[scalar] = UInt32(token) }
            }
            self.tokenCount = seen.count
        }

        /// Pairs stand in newer files as two strings, in older ones as one with a space between them.
        private mutating func readPairs(_ json: inout ModelJSON) throws(StaticModelError) {
            guard self.pairs.isEmpty else { throw json.error("the merges stand there twice") }
            self.pairs.reserveCapacity(65_536)
            try json.elements { (json) throws(StaticModelError) in
                guard self.pairs.count < BytePairTokenizer.maximumRules else {
                    throw StaticModelError(.tooLarge, "it has more than \(self.pairs.count) merges")
                }
                if json.next() == UInt8(ascii: "[") {
                    var sides: [ArraySlice<UInt8>] = []
                    try json.elements { (json) throws(StaticModelError) in
                        guard sides.count < 2 else { throw json.error("a merge has more than two sides") }
                        sides.append(try json.string())
                    }
                    guard sides.count == 2 else { throw json.error("a merge has less than two sides") }
                    self.pairs.append((sides[0], sides[1]))
                } else {
                    let text = try json.string()
                    guard let space = text.firstIndex(of: 0x20) else {
                        throw json.error("a merge has less than two sides")
                    }
                    self.pairs.append((text[..<space], text[(space + 1)...]))
                }
            }
        }

        func byteTokens() throws(StaticModelError) -> [UInt32] {
            var result: [UInt32] = []
            for byte in 0..<256 {
                let digits = String(byte, radix: 16, uppercase: true)
                let name = "<0x\(byte < 16 ? "0" : "")\(digits)>"
                guard let token = self.tokens[TokenText(bytes: ArraySlice(name.utf8))] else {
                    throw StaticModelError(.unsupported, "its vocabulary has no token \(name)")
                }
                result.append(token)
            }
            return result
        }

        func rules() throws(StaticModelError) -> PairMerging.Rules {
            var rules = PairMerging.Rules()
            rules.reserveCapacity(self.pairs.count)
            for (rank, pair) in self.pairs.enumerated() {
                guard let left = self.tokens[TokenText(bytes: pair.left)],
                    let right = self.tokens[TokenText(bytes: pair.right)],
                    let result = self.tokens[TokenText(bytes: pair.left + pair.right)]
                else { throw StaticModelError(.malformed, "merge \(rank) is of tokens that the vocabulary lacks") }
                rules.add(left, right, rank: UInt32(rank), result: result)
            }
            return rules
        }
    }
}
