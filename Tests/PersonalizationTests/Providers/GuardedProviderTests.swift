import LanguageModels
import MetricsTestKit
import PipelineJobs
import ServerTesting
import Testing

@testable import Personalization

@Suite struct GuardedProviderTests {
    @Test(arguments: [true, false])
    func anAnswerCostsWhatItsTokensCostToTheMicro(streams: Bool) async throws {
        let fixture = try await ProviderFixture("ok,tag=cost\(streams)", streams: streams)
        let completion = try await fixture.provider.complete(ProviderFixture.question, payer: "p1")
        #expect(completion.text == "A robot senses and acts.")
        let attempt = try #require(fixture.memory.all.first)
        #expect(attempt.outcome == .ok)
        #expect(attempt.provider == "acme")
        #expect(attempt.model == fixture.model)
        #expect(attempt.payer == "p1")
        // 5 words in and 5 out, at 0.15 and 0.60 dollars for a million: 3.75 millionths.
        #expect([attempt.promptTokens, attempt.completionTokens] == [5, 5])
        #expect(attempt.costMicros == 4)
        #expect(!attempt.isEstimated)
    }

    @Test func tokensThatNobodyCountedAreEstimatedAndTheRowSaysSo() async throws {
        let fixture = try await ProviderFixture("no_usage,tag=estimate")
        #expect(await fixture.ask() == "ok")
        let attempt = try #require(fixture.memory.all.first)
        // 24 bytes each, three for a token.
        #expect([attempt.promptTokens, attempt.completionTokens] == [8, 8])
        #expect(attempt.isEstimated)
        #expect(attempt.costMicros == 6)
    }

    @Test(arguments: [
        ("500,tag=row", "server_error", 0), ("429,retry_after=1,tag=row", "rate_limited", 0),
        ("401,tag=row", "unauthorized", 0), ("stream_cut,tag=row", "truncated", 8),
        ("wrong_json,tag=row", "malformed_answer", 8),
        ("refusal,tag=row", "refused", 8), ("reset,tag=row", "unreachable", 0),
    ])
    func everyFailureHasItsRow(behaviour: String, outcome: String, promptTokens: Int) async throws {
        let fixture = try await ProviderFixture(behaviour)
        #expect(await fixture.ask() == outcome)
        #expect(fixture.memory.all.map(\.outcome.rawValue) == [outcome])
        #expect(fixture.memory.all.map(\.promptTokens) == [promptTokens])
        #expect(fixture.memory.all.map(\.isEstimated) == [promptTokens > 0])
    }

    @Test func everyRequestIsCountedInTheMetrics() async throws {
        let metrics = TestMetrics()
        let fixture = try await ProviderFixture("500;ok,tag=metrics", metrics: metrics)
        for _ in 0..<3 { _ = await fixture.ask() }
        func tokens(_ direction: String) throws -> Int64 {
            try metrics.expectCounter(
                "lectern_llm_tokens", [("direction", direction), ("model", fixture.model)]
            ).totalValue
        }
        #expect(try tokens("prompt") == 10)
        #expect(try tokens("completion") == 10)
        for (outcome, count) in [("ok", 2), ("server_error", 1)] {
            let timer = try metrics.expectTimer(
                "lectern_llm_request", [("model", fixture.model), ("outcome", outcome)])
            #expect(timer.values.count == count)
        }
    }

    @Test func aProviderThatIsTooSlowIsGivenUp() async throws {
        let fixture = try await ProviderFixture("hang,tag=slow", timeout: .milliseconds(200))
        #expect(await fixture.ask() == "timeout")
        #expect(fixture.memory.all.map(\.outcome) == [.timeout])
    }

    @Test func fiveFailuresOpenTheCircuitAndNoRequestGoesOutBeforeTheProbe() async throws {
        let fixture = try await ProviderFixture("500;500;500;500;500;ok,tag=breaker")
        for _ in 0..<5 { #expect(await fixture.ask() == "server_error") }
        for _ in 0..<20 { #expect(await fixture.ask() == "circuit_open") }
        #expect(try await fixture.sent == 5)
        fixture.clock.advance(by: .seconds(4.9))
        #expect(await fixture.ask() == "circuit_open")
        fixture.clock.advance(by: .seconds(0.1))
        #expect(await fixture.ask() == "ok")
        #expect(fixture.provider.circuit == .closed)
        #expect(try await fixture.sent == 6)
        #expect(fixture.memory.all.count == 6)
    }

    @Test func onlyOneOfManyRequestsIsTheProbe() async throws {
        let fixture = try await ProviderFixture("500;500;500;500;500;slow,ms=300")
        for _ in 0..<5 { _ = await fixture.ask() }
        fixture.clock.advance(by: .seconds(5))
        let answers = await withTaskGroup(of: String.self) { group in
            for _ in 0..<20 { group.addTask { await fixture.ask() } }
            return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
        #expect(answers == ["ok": 1, "circuit_open": 19])
        #expect(try await fixture.sent == 6)
    }

    @Test func aWrongKeyStopsRequestsForAMinute() async throws {
        let fixture = try await ProviderFixture("401,tag=denied")
        #expect(await fixture.ask() == "unauthorized")
        fixture.clock.advance(by: .seconds(59))
        let error = await #expect(throws: ProviderUnavailable.self) {
            try await fixture.provider.complete(ProviderFixture.question, payer: nil)
        }
        #expect(error == ProviderUnavailable(reason: "circuit_open", retryAfter: .seconds(1)))
        #expect(try await fixture.sent == 1)
    }

    @Test func aRefusalForPaceLeavesTheCircuitClosedUnlessItAsksForLong() async throws {
        let short = try await ProviderFixture("429,retry_after=30")
        for _ in 0..<8 { #expect(await short.ask() == "rate_limited") }
        #expect(short.provider.circuit == .closed)
        let long = try await ProviderFixture("429,retry_after=31")
        #expect(await long.ask() == "rate_limited")
        #expect(long.provider.circuit == .open(until: long.clock.now + .seconds(31)))
    }

    @Test func aSpentBudgetSendsNothingUntilMidnight() async throws {
        let fixture = try await ProviderFixture("ok,tag=budget") { $0.dailyCapMicros = 8 }
        // 4 millionths each.
        #expect(await fixture.ask() == "ok")
        #expect(await fixture.ask() == "ok")
        let error = await #expect(throws: ProviderUnavailable.self) {
            try await fixture.provider.complete(ProviderFixture.question, payer: nil)
        }
        #expect(error == ProviderUnavailable(reason: "budget_spent", retryAfter: .seconds(900)))
        #expect(try await fixture.sent == 2)
        #expect(fixture.provider.circuit == .closed)
    }

    @Test func eachLearnerHasABudgetOfItsOwn() async throws {
        let fixture = try await ProviderFixture("ok,tag=payers") { $0.dailyCapMicrosPerLearner = 1 }
        #expect(await fixture.ask(payer: "a") == "ok")
        #expect(await fixture.ask(payer: "a") == "budget_spent")
        #expect(await fixture.ask(payer: "b") == "ok")
        // Work that nobody asked for is on the common budgets alone.
        #expect(await fixture.ask(payer: nil) == "ok")
        #expect(try await fixture.sent == 3)
    }

    @Test func theProvidersOwnBudgetCountsAlone() async throws {
        let fixture = try await ProviderFixture("ok,tag=own") { $0.providers[0].dailyCapMicros = 0 }
        #expect(await fixture.ask() == "budget_spent")
        #expect(try await fixture.sent == 0)
    }

    @Test func theOperatorsTemperatureAndTheLowerTokenLimitAreSent() async throws {
        let fixture = try await ProviderFixture("ok,tag=knobs") {
            $0.providers[0].maximumTokens = 2
            $0.providers[0].temperature = 1
        }
        let completion = try await fixture.provider.complete(ProviderFixture.question, payer: nil)
        #expect(completion.text == "A robot")
        #expect(completion.finishReason == .length)
    }

    @Test func theOperatorsTimeoutStandsAboveTheRequests() async throws {
        let fixture = try await ProviderFixture("slow,ms=300,tag=patient")
        var request = ProviderFixture.question
        request.timeout = .milliseconds(50)
        #expect(try await fixture.provider.complete(request, payer: nil).text == "A robot senses and acts.")
    }

    @Test func aRequestWithoutATurnIsNotSentAndNotFiled() async throws {
        let fixture = try await ProviderFixture("ok,tag=turn", limits: NoTurn())
        let error = await #expect(throws: ProviderUnavailable.self) {
            try await fixture.provider.complete(ProviderFixture.question, payer: nil)
        }
        #expect(error == ProviderUnavailable(reason: "limited", retryAfter: .seconds(7)))
        #expect(try await fixture.sent == 0)
        #expect(fixture.memory.all.isEmpty)
    }

    @Test func aCancelledRequestIsFiledAndTellsNothingOfTheProvider() async throws {
        let fixture = try await ProviderFixture("hang,tag=cancel")
        let asking = Task { try await fixture.provider.complete(ProviderFixture.question, payer: nil) }
        #expect(try await eventually { try await fixture.sent == 1 })
        asking.cancel()
        await #expect(throws: CancellationError.self) { try await asking.value }
        #expect(fixture.memory.all.map(\.outcome) == [.cancelled])
        #expect(fixture.provider.circuit == .closed)
    }

    @Test func anAnswerIsNotLostWithTheLedger() async throws {
        let fixture = try await ProviderFixture("ok,tag=ledgerless", ledger: NoLedger())
        #expect(await fixture.ask() == "ok")
    }

    @Test func aBudgetThatCannotBeLookedUpIsNotSpent() async throws {
        let fixture = try await ProviderFixture("ok,tag=blind", ledger: NoLedger()) { $0.dailyCapMicros = 1_000 }
        #expect(await fixture.ask() == "\(NoLedger.Away())")
        #expect(try await fixture.sent == 0)
    }
}
