import Foundation
import ServerTesting
import Testing

@testable import SemanticIndex

/// The embedder and its tokenizer with a model of a few tokens made by hand.
@Suite struct StaticTokenEmbedderTests {
    private let fixture = StaticModelFixture()
    private let model: StaticTokenEmbedder

    init() throws { self.model = try self.fixture.load() }

    private func tokens(_ words: String...) -> [UInt32] { words.map(self.fixture.number) }

    @Test func neighboursAreMergedByRankAndFromTheLeft() {
        #expect(self.model.tokens(of: "ab") == self.tokens("▁ab"))
        #expect(self.model.tokens(of: "abab") == self.tokens("▁ab", "ab"))
        #expect(self.model.tokens(of: "bab") == self.tokens("▁", "b", "ab"))
        #expect(self.model.tokens(of: "baba") == self.tokens("▁", "b", "aba"))
        #expect(self.model.tokens(of: "a b") == self.tokens("▁", "a", "▁", "b"))
    }

    @Test func aTextWithoutCharactersHasNoTokensAndAnyOtherBeginsWithTheMark() {
        #expect(self.model.tokens(of: "").isEmpty)
        #expect(self.model.tokens(of: " ") == self.tokens("▁", "▁"))
    }

    @Test func whatTheVocabularyLacksBecomesBytes() {
        #expect(self.model.tokens(of: "aé\n\0") == self.tokens("▁", "a") + [0xC3, 0xA9, 0x0A, 0x00])
        #expect(self.model.tokens(of: "🤖") == self.tokens("▁") + [0xF0, 0x9F, 0xA4, 0x96])
    }

    @Test func spellingsThatUnicodeCallsEquivalentAreTokensOfTheirOwn() {
        #expect(self.model.tokens(of: "ί\u{1F77}") == self.tokens("▁", "ί", "\u{1F77}"))
    }

    @Test(arguments: [
        (#"\ud83e\udd16"#, "🤖"), (#"\uD83E\uDD16"#, "🤖"), (#"\u00e9"#, "é"), (#"\""#, "\""), (#"\\"#, "\\"),
        (#"\/"#, "/"), (#"\b"#, "\u{8}"), (#"\f"#, "\u{C}"), (#"\n"#, "\n"), (#"\r"#, "\r"), (#"\t"#, "\t"),
    ])
    func aTokenMayBeWrittenWithEscapes(spelling: String, text: String) throws {
        var fixture = self.fixture
        fixture.words += [spelling, "b" + spelling]
        fixture.merges.append("b " + spelling)
        let model = try fixture.load()
        #expect(model.tokens(of: text) == self.tokens("▁") + [fixture.number(spelling)])
        #expect(model.tokens(of: "b" + text) == self.tokens("▁") + [fixture.number("b" + spelling)])
    }

    @Test func namesOfSpecialTokensAreText() {
        #expect(self.model.tokens(of: "<s>") == self.tokens("▁") + [0x3C, 0x73, 0x3E])
    }

    @Test func mergesMayStandAsPairs() throws {
        let json = self.fixture.tokenizer.replacing(#""a b""#, with: #"["a","b"]"#)
        #expect(try self.fixture.load(tokenizer: json).tokens(of: "ab") == self.tokens("▁ab"))
    }

    @Test func theFileSaysWhatIsPutInFrontAndReplaced() throws {
        var fixture = self.fixture
        fixture.normalizer = "null"
        #expect(try fixture.load().tokens(of: "ab ") == self.tokens("ab") + [0x20])
        fixture.normalizer = #"{"type":"Replace","pattern":{"String":"\u0041"},"content":"a"}"#
        #expect(try fixture.load().tokens(of: "Ab") == self.tokens("ab"))
    }

    @Test func textBeyondTheLimitDoesNotCount() throws {
        let limit = 64 * 1024
        let text = String(repeating: "b", count: limit)
        #expect(self.model.tokens(of: text).count == limit + 1)
        #expect(self.model.tokens(of: text + "a") == self.model.tokens(of: text))
        // A character across the limit does not count in part.
        let torn = String(repeating: "b", count: limit - 1)
        #expect(self.model.tokens(of: torn + "é") == self.model.tokens(of: torn))
        #expect(self.model.tokens(of: torn + "e\u{301}").suffix(2) == [self.fixture.number("b"), 0x65])
    }

    @Test func theVectorIsTheMeanOfTheTokensVectorsWithLengthOne() {
        // ▁ (0, 1), b (2, 1), bytes 3 and 1: (3, 1) and (1, 1).
        let vector = self.model.vector(of: "b\u{3}\u{1}")
        #expect(zip(vector, [6, 4].map { $0 / Float(52).squareRoot() }).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test func aTextWithoutMeaningHasAFixedVectorOfLengthOne() throws {
        #expect(self.model.vector(of: "") == [1, 0])
        // The last token's vector is zero.
        var fixture = self.fixture
        fixture.normalizer = "null"
        #expect(try fixture.load().vector(of: "\u{1F77}") == [1, 0])
    }

    @Test(arguments: UInt64(0)..<40)
    func everyTextHasAVectorOfLengthOneAndAlwaysTheSame(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let texts = (0..<20).map { _ in
            let bytes = (0..<generator.below(200)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            return String(decoding: bytes, as: UTF8.self)
        }
        let vectors = try await self.model.embed(texts)
        for (text, vector) in zip(texts, vectors) {
            #expect(abs(vector.map { $0 * $0 }.reduce(0, +) - 1) < 1e-5)
            #expect(vector == self.model.vector(of: text))
        }
    }

    /// The rules applied one after the other as they are defined, in quadratic time.
    private static func slowlyMerged(_ tokens: [UInt32], _ fixture: StaticModelFixture) -> [UInt32] {
        var words = tokens.map { $0 < 256 ? "\\\($0)" : fixture.words[Int($0) - 256] }
        while true {
            let ranks = words.indices.dropLast().compactMap { place in
                fixture.merges.firstIndex(of: "\(words[place]) \(words[place + 1])").map { ($0, place) }
            }
            guard let (_, place) = ranks.min(by: <) else { break }
            words[place] += words.remove(at: place + 1)
        }
        return words.map { $0.hasPrefix("\\") ? UInt32($0.dropFirst()) ?? 0 : fixture.number($0) }
    }

    @Test(arguments: UInt64(0)..<40)
    func theOrderOfMergesIsThatOfTheirDefinition(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var fixture = StaticModelFixture(words: ["▁", "a", "b", "c"], merges: [])
        // Rules of tokens that are there already, until there are thirty.
        while fixture.merges.count < 30 {
            let (left, right) = (generator.pick(fixture.words), generator.pick(fixture.words))
            guard left.count + right.count < 12, !fixture.merges.contains("\(left) \(right)") else { continue }
            fixture.merges.append("\(left) \(right)")
            if !fixture.words.contains(left + right) { fixture.words.append(left + right) }
        }
        // A rule may come before those that make its sides.
        fixture.merges.shuffle(using: &generator)
        let model = try fixture.load()
        for _ in 0..<30 {
            let text = String((0..<generator.below(60)).map { _ in generator.pick(Array("abc  ")) })
            let single = text.isEmpty ? [] : (" " + text).map { fixture.number($0 == " " ? "▁" : String($0)) }
            #expect(model.tokens(of: text) == Self.slowlyMerged(single, fixture), "\(text) by \(fixture.merges)")
        }
    }

    @Test func halvesBecomeFloatsExactly() {
        #expect(TokenTable.float(0x0001) == 0x1p-24)
        #expect(TokenTable.float(0x03FF) == 0x1.FF8p-15)
        #expect(TokenTable.float(0x3C00) == 1)
        #expect(TokenTable.float(0xC000) == -2)
        #expect(TokenTable.float(0x7BFF) == 65_504)
        #expect(TokenTable.float(0x8000).sign == .minus)
        #if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
            for half in UInt16.min...UInt16.max where half & 0x7C00 != 0x7C00 {
                #expect(TokenTable.float(half) == Float(Float16(bitPattern: half)))
            }
        #endif
    }

    @Test func theNameTellsTheFilesApart() throws {
        #expect(self.model.name.hasPrefix("wordllama-l2-supercat-2-"))
        #expect(try self.fixture.load().name == self.model.name)
        var table = self.fixture.table
        table[table.count - 1] = 0x3C
        #expect(try self.fixture.load(table: table).name != self.model.name)
    }
}
