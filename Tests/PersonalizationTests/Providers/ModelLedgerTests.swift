import FoundationEssentials
import JobQueue
import JobQueuePostgres
import LanguageModels
import Logging
import PipelineJobs
import Postgres
import PostgresTesting
import Schema
import ServerTesting
import Testing

@testable import Personalization

@Suite struct ModelLedgerTests {
    nonisolated(nonsending) private func withLedger(
        _ body: nonisolated(nonsending) (PostgresClient, ModelLedger) async throws -> Void
    ) async throws {
        try await withTestClient(configure: { $0.maximumConnections = 12 }) { client in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            try await Migrator(database: client, migrations: try Migration.bundled(), logger: logger).up()
            try await body(client, ModelLedger(database: client))
        }
    }

    private func attempt(
        _ provider: String = "acme", _ model: String = "large", payer: String? = nil,
        outcome: ModelAttempt.Outcome = .ok, cost: Int64 = 10
    ) -> ModelAttempt {
        ModelAttempt(
            provider: provider, model: model, lessonSlug: "ch01", generationKey: "k", jobID: 7, payer: payer,
            outcome: outcome, promptTokens: 3, completionTokens: 2, isEstimated: false, costMicros: cost,
            milliseconds: 40)
    }

    @Test func aRequestsRowTellsForWhatItWasSent() async throws {
        try await self.withLedger { client, ledger in
            let fixture = try await ProviderFixture("500;ok,tag=context", ledger: ledger)
            let context = AttemptContext(
                lessonSlug: "ch01-sensors", generationKey: GenerationKey(hex: "ab12"), jobID: JobID(rawValue: 42))
            await AttemptContext.$current.withValue(context) {
                #expect(await fixture.ask(payer: "word") == "server_error")
                #expect(await fixture.ask(payer: "word") == "ok")
                await fixture.provider.rejected(["V3", "V9"])
            }
            let rows = try await client.query("SELECT * FROM lectern.model_attempt ORDER BY id")
            #expect(try rows.map { try $0.decode("outcome", as: String.self) } == ["server_error", "ok"])
            #expect(try rows.map { try $0.decode("failed_checks", as: [String]?.self) } == [nil, ["V3", "V9"]])
            #expect(try rows.map { try $0.decode("cost_micros", as: Int64.self) } == [0, 4])
            for row in rows {
                #expect(try row.decode("lesson_slug", as: String.self) == "ch01-sensors")
                #expect(try row.decode("generation_key", as: String.self) == "ab12")
                #expect(try row.decode("job_id", as: Int64.self) == 42)
                #expect(try row.decode("payer", as: String.self) == "word")
                #expect(try row.decode("purpose", as: String.self) == "section")
            }
            #expect(
                try await ledger.spentToday(["all", "provider:acme", "payer:word", "payer:other"])
                    == ["all": 4, "provider:acme": 4, "payer:word": 4])
        }
    }

    @Test func attemptsAtOnceAddUpWithoutWaitingForEachOther() async throws {
        try await self.withLedger { client, ledger in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<200 {
                    group.addTask {
                        _ = try await ledger.record(
                            self.attempt(index.isMultiple(of: 2) ? "acme" : "zeta", payer: "p\(index % 5)"))
                    }
                }
                try await group.waitForAll()
            }
            let sums = try await ledger.spentToday(["all", "provider:acme", "provider:zeta", "payer:p0"])
            #expect(sums == ["all": 2_000, "provider:acme": 1_000, "provider:zeta": 1_000, "payer:p0": 400])
            let row = try #require(
                try await client.queryOne("SELECT tokens, attempts FROM lectern.model_spend WHERE scope = 'all'"))
            #expect(try row.decode("tokens", as: Int64.self) == 1_000)
            #expect(try row.decode("attempts", as: Int64.self) == 200)
        }
    }

    @Test func aRequestThatWasGivenUpIsFiledAllTheSame() async throws {
        try await self.withLedger { client, ledger in
            let fixture = try await ProviderFixture("hang,tag=given-up", ledger: ledger)
            let asking = Task { try await fixture.provider.complete(ProviderFixture.question, payer: nil) }
            #expect(try await eventually { try await fixture.sent == 1 })
            asking.cancel()
            await #expect(throws: CancellationError.self) { try await asking.value }
            let rows = try await client.query("SELECT outcome FROM lectern.model_attempt")
            #expect(try rows.map { try $0.decode("outcome", as: String.self) } == ["cancelled"])
        }
    }

    @Test func whatOtherProcessesSpentCountsForABudget() async throws {
        try await self.withLedger { _, ledger in
            let fixture = try await ProviderFixture("ok,tag=fleet", ledger: ledger) { $0.dailyCapMicros = 10 }
            #expect(await fixture.ask() == "ok")
            _ = try await ledger.record(self.attempt("zeta", cost: 6))
            // Remembered for a second.
            fixture.clock.advance(by: .seconds(1))
            #expect(await fixture.ask() == "budget_spent")
            #expect(try await fixture.sent == 1)
        }
    }

    @Test func yesterdaysSpendingIsForgiven() async throws {
        try await self.withLedger { client, ledger in
            _ = try await ledger.record(self.attempt(cost: 100))
            try await client.execute("UPDATE lectern.model_spend SET day = day - 1")
            #expect(try await ledger.spentToday(["all"]) == [:])
        }
    }

    @Test func aSummaryTellsGroupsApart() async throws {
        try await self.withLedger { _, ledger in
            for attempt in [
                self.attempt(), self.attempt(outcome: .timeout, cost: 5), self.attempt("zeta", "small", cost: 1),
            ] {
                let id = try await ledger.record(attempt)
                if attempt.provider == "zeta", let id { try await ledger.note(failedChecks: ["V1"], of: id) }
            }
            let now = Date()
            let (start, end) = (now.addingTimeInterval(-3_600), now.addingTimeInterval(3_600))
            let rows = try await ledger.summary(from: start, to: end, by: [.provider, .model])
            #expect(
                rows == [
                    .init(
                        provider: "acme", model: "large", attempts: 2, failures: 1, rejectedAnswers: 0,
                        promptTokens: 6, completionTokens: 4, costMicros: 15, meanMilliseconds: 40),
                    .init(
                        provider: "zeta", model: "small", attempts: 1, failures: 0, rejectedAnswers: 1,
                        promptTokens: 3, completionTokens: 2, costMicros: 1, meanMilliseconds: 40),
                ])
            #expect(try await ledger.summary(from: start, to: end, by: []).map(\.costMicros) == [16])
            #expect(try await ledger.summary(from: start, to: end, by: [.day]).allSatisfy { $0.day?.count == 10 })
            #expect(try await ledger.summary(from: end, to: end, by: []).isEmpty)
        }
    }

    @Test func oldAttemptsAndSumsGoInPortions() async throws {
        try await self.withLedger { client, ledger in
            for _ in 0..<5 { _ = try await ledger.record(self.attempt()) }
            try await client.execute("UPDATE lectern.model_attempt SET at = at - interval '91 days' WHERE id <= 3")
            try await client.execute("INSERT INTO lectern.model_spend VALUES (current_date - 91, 'all', 1, 1, 1)")
            let moment = Date().addingTimeInterval(-90 * 86_400)
            #expect(try await ledger.prune(before: moment, portion: 2) == 2)
            #expect(try await ledger.prune(before: moment, portion: 2) == 1)
            #expect(try await client.query("SELECT FROM lectern.model_attempt").count == 2)
            #expect(try await client.query("SELECT FROM lectern.model_spend WHERE scope = 'all'").count == 1)
        }
    }

    @Test func theLeadersDutyKeepsNinetyDays() async throws {
        try await self.withLedger { client, ledger in
            for _ in 0..<2 { _ = try await ledger.record(self.attempt()) }
            try await client.execute("UPDATE lectern.model_attempt SET at = at - interval '10 days' WHERE id = 1")
            let inEightyOneDays = Date().addingTimeInterval(81 * 86_400)
            #expect(try await ledger.retentionDuty(now: { inEightyOneDays }).perform() == nil)
            let rows = try await client.query("SELECT id FROM lectern.model_attempt")
            #expect(try rows.map { try $0.decode("id", as: Int64.self) } == [2])
        }
    }
}
