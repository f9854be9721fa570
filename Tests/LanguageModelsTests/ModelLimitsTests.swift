import LanguageModels
import Synchronization
import Testing

/// Limits that note what they are told.
private final class NotedLimits: ModelLimits {
    struct Refused: Error {}
    struct Notes: Sendable, Equatable {
        var asked: [Int] = []
        var settled: [Int] = []
        var pauses: [Duration?] = []
        var released = 0
    }

    let notes = Mutex(Notes())
    private let refuses: Bool

    init(refuses: Bool = false) { self.refuses = refuses }

    func acquire(tokens: Int) async throws -> any ModelPermit {
        self.notes.withLock { $0.asked.append(tokens) }
        if self.refuses { throw Refused() }
        return Permit(limits: self)
    }

    private struct Permit: ModelPermit {
        let limits: NotedLimits
        func settle(actualTokens: Int) { self.limits.notes.withLock { $0.settled.append(actualTokens) } }
        func penalize(retryAfter: Duration?) async { self.limits.notes.withLock { $0.pauses.append(retryAfter) } }
        func release() { self.limits.notes.withLock { $0.released += 1 } }
    }
}

@Suite struct ModelLimitsTests {
    private let question = ChatRequest(
        messages: [ChatMessage(role: .user, content: "A robot senses and acts.")], maximumTokens: 50)

    private func chat(_ behaviour: String, _ limits: NotedLimits) async throws -> OpenAIChatModel {
        OpenAIChatModel(
            endpoint: try await Provider.endpoint(), model: "scripted:\(behaviour)", http: Provider.http, limits: limits
        )
    }

    @Test func aRequestAsksForItsTokensAndSettlesWhatItTook() async throws {
        let limits = NotedLimits()
        let completion = try await self.chat("ok;limits", limits).complete(self.question)
        let took = (completion.promptTokens ?? 0) + (completion.completionTokens ?? 0)
        #expect(limits.notes.withLock { $0 } == .init(asked: [8 + 50], settled: [took], released: 1))
    }

    @Test func aRefusalForPaceIsReportedAndThrown() async throws {
        let limits = NotedLimits()
        let model = try await self.chat("429,retry_after=7", limits)
        let error = await modelError { try await model.complete(self.question) }
        #expect(error?.code == .rateLimited(retryAfter: .seconds(7)))
        #expect(limits.notes.withLock { $0 } == .init(asked: [58], pauses: [.seconds(7)], released: 1))
    }

    @Test func aQuotaThatIsUsedUpIsNoMatterOfPace() async throws {
        let limits = NotedLimits()
        let model = try await self.chat("429,kind=insufficient_quota", limits)
        _ = await modelError { try await model.complete(self.question) }
        #expect(limits.notes.withLock { $0 } == .init(asked: [58], released: 1))
    }

    @Test func aRequestThatMayNotGoIsNotSent() async throws {
        let limits = NotedLimits(refuses: true)
        let model = try await self.chat("ok;unsent", limits)
        await #expect(throws: NotedLimits.Refused.self) { try await model.complete(self.question) }
        #expect(try await Provider.requests(model: "scripted:ok;unsent").isEmpty)
    }

    @Test func everyBatchOfTextsIsARequestOfItsOwn() async throws {
        let limits = NotedLimits()
        let model = OpenAIEmbeddingModel(
            endpoint: try await Provider.endpoint(), model: "scripted:ok;limited", dimension: 64, maximumBatchCount: 2,
            http: Provider.http, limits: limits)
        _ = try await model.embed(["one", "two", "three"])
        let notes = limits.notes.withLock { $0 }
        #expect(notes.asked == [2, 2])
        #expect(notes.released == 2)
    }
}
