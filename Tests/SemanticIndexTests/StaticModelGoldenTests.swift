import Foundation
import Testing

@testable import SemanticIndex

/// The fetched model against what the reference libraries make of the same texts (`Tests/Support/static_model`).
@Suite(.enabled(if: StaticModelFixture.fetched != nil, "needs the model that Deploy/fetch-model fetches"))
struct StaticModelGoldenTests {
    private static let loaded = Result { try StaticTokenEmbedder(folder: StaticModelFixture.fetched ?? "") }
    private let model: StaticTokenEmbedder

    init() throws { self.model = try Self.loaded.get() }

    struct Golden: Decodable, Sendable, CustomTestStringConvertible {
        var text: String
        var times: Int
        var count: Int
        var sum: Int
        var tokens: [UInt32]?
        var components: [String: Float]?
        var testDescription: String { "\(self.times) × \(String(self.text.debugDescription.prefix(40)))" }
        var whole: String { String(repeating: self.text, count: self.times) }
    }

    private static func goldens() throws -> [Golden] {
        try JSONDecoder().decode([Golden].self, from: StaticModelFixture.support("goldens.json"))
    }

    @Test func theModelIsTheOneThatIsExpected() throws {
        #expect(self.model.name == "wordllama-l2-supercat-256-726f24aa")
        #expect(self.model.dimension == 256)
    }

    @Test(arguments: try Self.goldens())
    func tokensAreThoseOfTheReference(golden: Golden) {
        let tokens = self.model.tokens(of: golden.whole)
        #expect(tokens.count == golden.count)
        #expect(tokens.reduce(0) { $0 + Int($1) } == golden.sum)
        if let expected = golden.tokens { #expect(tokens == expected) }
    }

    @Test(arguments: try Self.goldens())
    func vectorsAreThoseOfTheReference(golden: Golden) throws {
        let vector = self.model.vector(of: golden.whole)
        #expect(abs(vector.map { $0 * $0 }.reduce(0, +) - 1) < 1e-5)
        for (place, expected) in golden.components ?? [:] {
            let component = vector[try #require(Int(place))]
            #expect(abs(component - expected) < 2e-6, "component \(place) is \(component), not \(expected)")
        }
    }

    @Test func vectorsComeInTheOrderOfTheTexts() async throws {
        let texts = ["torque", "", "گھٹنا", "torque"]
        let vectors = try await self.model.embed(texts)
        #expect(vectors == texts.map(self.model.vector))
        #expect(vectors[0] == vectors[3])
    }

    /// Which of the passages comes first for each question, and how many are the right ones.
    private static func found(_ vector: (String) -> [Float]) throws -> Int {
        let lines = String(decoding: try StaticModelFixture.support("paraphrases.tsv"), as: UTF8.self)
            .split(separator: "\n")
        let pairs = lines.map { $0.split(separator: "\t").map { vector(String($0)) } }
        return pairs.indices.count { question in
            let scores = pairs.map { zip(pairs[question][0], $0[1]).map { $0 * $1 }.reduce(0, +) }
            return scores.indices.max { scores[$0] < scores[$1] } == question
        }
    }

    @Test func otherWordsForTheSameAreFoundWhereHashingFails() throws {
        let (learned, hashed) = (try Self.found(self.model.vector), try Self.found(HashingEmbedder().vector))
        // Measured: 16 and 1 of 20.
        #expect(learned >= 15)
        #expect(learned >= hashed + 10)
    }

    @Test(arguments: ["a", " ", "🧿", "ab", "the "])
    func aHostileTextTakesLittleTime(piece: String) {
        // In quadratic time it would be minutes.
        let time = ContinuousClock().measure {
            _ = self.model.vector(of: String(repeating: piece, count: 64 * 1024))
        }
        #expect(time < .seconds(10))
    }
}
