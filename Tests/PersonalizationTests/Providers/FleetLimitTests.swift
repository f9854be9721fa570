import JobQueue
import JobQueuePostgres
import LanguageModels
import Logging
import Postgres
import PostgresTesting
import Schema
import Testing

@testable import Personalization

/// The fleet's limits in the place where the executables put them.
private struct Fleet: ModelLimits {
    let limits: FleetLimits
    let name: String

    func acquire(tokens: Int) async throws -> any ModelPermit {
        Permit(permit: try await self.limits.acquire(self.name, tokens: tokens, patience: .milliseconds(50)))
    }

    private struct Permit: ModelPermit {
        let permit: FleetPermit
        func settle(actualTokens: Int) { self.permit.settle(actualTokens: actualTokens) }
        func penalize(retryAfter: Duration?) async { await self.permit.penalize(retryAfter: retryAfter) }
        func release() { self.permit.release() }
    }
}

@Suite struct FleetLimitTests {
    @Test func aRefusalForPaceLowersTheLimitAndTheNextProviderWrites() async throws {
        try await withTestClient { client in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            try await Migrator(database: client, migrations: try Migration.bundled(), logger: logger).up()
            let limiters = PostgresLimiters(database: client)
            try await limiters.apply(.init(requestsPerMinute: 600, concurrency: 8), ofProvider: "acme")
            let fleet = Fleet(
                limits: FleetLimits(store: limiters, holder: "one", logger: logger),
                name: PostgresLimiters.name(ofProvider: "acme"))
            let first = try await ProviderFixture("429,retry_after=20", limits: fleet)
            let second = try await ProviderFixture("ok,tag=second")

            #expect(await first.ask() == "rate_limited")
            let rates = try await limiters.list().reduce(into: [:]) { $0[$1.limit.axis] = $1.rate / $1.limit.ceiling }
            #expect(abs((rates[.requests] ?? 0) - 0.5) < 0.01)
            #expect(abs((rates[.concurrency] ?? 0) - 0.5) < 0.01)
            #expect(await first.ask() == "limited")
            #expect(try await first.sent == 1)
            #expect(await second.ask() == "ok")
        }
    }
}
