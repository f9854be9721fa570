import LanguageModels
import Testing

@Suite struct OpenAIEmbeddingModelTests {
    private func similarity(_ first: [Float], _ second: [Float]) -> Float {
        zip(first, second).reduce(0) { $0 + $1.0 * $1.1 }
    }

    @Test func vectorsHaveLengthOneAndTellTextsApart() async throws {
        let model = try await Provider.embedding("ok")
        let vectors = try await model.embed(["a robot arm", "the arm of a robot", "cooking rice"])
        for vector in vectors {
            #expect(vector.count == 64)
            #expect(abs(self.similarity(vector, vector) - 1) < 1e-5)
        }
        #expect(self.similarity(vectors[0], vectors[1]) > self.similarity(vectors[0], vectors[2]))
    }

    @Test(arguments: ["ok", "shuffled"])
    func theOrderIsThatOfTheTexts(behaviour: String) async throws {
        let texts = (0..<25).map { "text number \($0)" }
        let together = try await Provider.embedding(behaviour, batch: 10).embed(texts)
        var alone: [[Float]] = []
        let model = try await Provider.embedding("ok")
        for text in texts { alone += try await model.embed([text]) }
        #expect(together == alone)
    }

    @Test func batchesStayWithinTheirLimits() async throws {
        let name = "scripted:ok;batches"
        let model = OpenAIEmbeddingModel(
            endpoint: try await Provider.endpoint(), model: name, dimension: 32, sendsDimension: true,
            maximumBatchCount: 3, maximumBatchBytes: 20, http: Provider.http)
        let texts = [
            "aaaa", "bbbb", "cccc", "dddd", String(repeating: "e", count: 30), "ffff", "gggggggggggggggg", "hhhhh",
        ]
        #expect(try await model.embed(texts).count == texts.count)
        let sent = try await Provider.requests(model: name)
        #expect(sent.map { $0.body.input?.count } == [3, 1, 1, 2, 1])
        #expect(sent.allSatisfy { $0.body.dimensions == 32 })
    }

    @Test func noTextsNeedNoRequest() async throws {
        #expect(try await Provider.embedding("500").embed([]).isEmpty)
    }

    @Test(arguments: ["", " \n"])
    func anEmptyTextIsRefusedBeforeItIsSent(text: String) async throws {
        let model = try await Provider.embedding("ok")
        #expect(await modelError { try await model.embed(["a", text]) }?.code == .rejected)
    }

    @Test(
        arguments: [
            ("nan", true), ("infinite", true), ("zeros", true), ("strings", true), ("missing_one", true),
            ("duplicate_index", true), ("no_data", true), ("wrong_json", true), ("not_json", true),
            ("wrong_dimension,dimension=7", false),
        ])
    func aHostileAnswerIsMalformed(behaviour: String, isTransient: Bool) async throws {
        let model = try await Provider.embedding(behaviour)
        let error = await modelError { try await model.embed(["one", "two"]) }
        #expect(error?.code == .malformedAnswer)
        #expect(error?.isTransient == isTransient)
    }

    @Test(
        arguments: [
            ("500", LanguageModelError.Code.serverError), ("429,retry_after=3", .rateLimited(retryAfter: .seconds(3))),
            ("401", .unauthorized), ("reset", .unreachable), ("huge", .tooLarge),
        ])
    func aFailureIsTyped(behaviour: String, code: LanguageModelError.Code) async throws {
        let model = try await Provider.embedding(behaviour)
        #expect(await modelError { try await model.embed(["one"]) }?.code == code)
    }
}
