import CurlHTTP
import FoundationEssentials
import JobQueue
import LanguageModels
import Logging
import Metrics
import PipelineJobs
import ServerTesting
import Synchronization

@testable import Personalization

/// The provider of `Tests/Support/scripted_provider.py`; the name of the model says how it shall behave.
enum ScriptedEndpoint {
    static let http = HTTPClient()
    private static let shared = Task { try await PythonServer.start("scripted_provider") }

    static var url: String {
        get async throws { try await self.shared.value.url }
    }

    /// How many requests a model of this name received.
    static func requests(_ model: String) async throws -> Int {
        struct Request: Decodable {
            struct Body: Decodable { var model: String }
            var body: Body
        }
        let response = try await self.http.execute(.init(url: "\(self.url)/requests"))
        return try JSONDecoder().decode([Request].self, from: Data(response.body)).count { $0.body.model == model }
    }
}

/// A clock that goes on only when told.
final class HandClock: Sendable {
    private let instant = Mutex(ContinuousClock.now)
    var now: ContinuousClock.Instant { self.instant.withLock { $0 } }
    func advance(by duration: Duration) { self.instant.withLock { $0 += duration } }
}

/// One guarded provider over a scripted model, with a clock of its own.
struct ProviderFixture {
    let model: String
    let provider: GuardedProvider
    let clock = HandClock()
    let memory = MemoryLedger()

    static let question = ChatRequest(
        messages: [ChatMessage(role: .user, content: "A robot senses and acts.")], maximumTokens: 50)
    static let price = ModelProviders.Price(inputMicrosPerMillion: 150_000, outputMicrosPerMillion: 600_000)
    /// Fifteen minutes before midnight.
    static let date = Date(timeIntervalSince1970: 20_000 * 86_400 - 900)

    /// - Parameters:
    ///   - behaviour: as the script understands it; no two fixtures may share one.
    ///   - setUp: changes the providers' file.
    init(
        _ behaviour: String, limits: any ModelLimits = UnlimitedModels(), ledger: (any AttemptLedger)? = nil,
        timeout: Duration = .seconds(20), streams: Bool = true,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance,
        setUp: (inout ModelProviders) -> Void = { _ in }
    ) async throws {
        let model = "scripted:\(behaviour)"
        var settings = ModelProviders(providers: [
            .init(
                name: "acme", baseURL: try await "\(ScriptedEndpoint.url)/v1", model: model, timeout: timeout,
                streams: streams, price: Self.price)
        ])
        setUp(&settings)
        let ledger = ledger ?? self.memory
        let clock = self.clock
        self.model = model
        self.provider = GuardedProvider(
            settings.providers[0],
            model: OpenAIChatModel(
                endpoint: OpenAIEndpoint(baseURL: settings.providers[0].baseURL, timeout: timeout), model: model,
                streams: streams, http: ScriptedEndpoint.http),
            limits: limits,
            spending: SpendingGuard(settings, ledger: ledger, now: { clock.now }, date: { Self.date }), ledger: ledger,
            metrics: metrics, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, now: { clock.now })
    }

    /// What asking once came to: `ok`, or a word for the error.
    func ask(payer: String? = nil) async -> String {
        do {
            _ = try await self.provider.complete(Self.question, payer: payer)
            return "ok"
        } catch let error as ProviderUnavailable {
            return error.reason
        } catch let error as LanguageModelError {
            return ModelAttempt.Outcome(error.code).rawValue
        } catch {
            return "\(error)"
        }
    }

    var sent: Int {
        get async throws { try await ScriptedEndpoint.requests(self.model) }
    }
}

/// Limits without any room.
struct NoTurn: ModelLimits {
    func acquire(tokens: Int) async throws -> any ModelPermit {
        throw JobError.snooze("rate_limited", "no room", for: .seconds(7))
    }
}

/// A ledger that is out of reach.
struct NoLedger: AttemptLedger {
    struct Away: Error {}
    func record(_ attempt: ModelAttempt) async throws -> Int64? { throw Away() }
    func spentToday(_ scopes: [String]) async throws -> [String: Int64] { throw Away() }
    func note(failedChecks: [String], of attempt: Int64) async throws { throw Away() }
}
