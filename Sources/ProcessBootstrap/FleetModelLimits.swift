import FoundationEssentials
import JobQueue
import JobQueuePostgres
import LanguageModels

/// The fleet's limits of one model: those of its provider as a whole, and its own.
struct FleetModelLimits: ModelLimits {
    private let limits: FleetLimits
    /// `api.openai.com` and `api.openai.com/gpt-4o-mini`; for a provider of the operators' file, its own limits first.
    private let names: [String]
    private let patience: Duration

    /// - Parameters:
    ///   - baseURL: the provider is named by its host, with the port where one is given.
    ///   - provider: the name in the operators' file of providers, where the model stands in one.
    ///   - patience: how long a request waits for its turn.
    init(_ limits: FleetLimits, baseURL: String, model: String, provider: String? = nil, patience: Duration) {
        let host = Self.host(of: baseURL)
        self.limits = limits
        self.names = (provider.map { [PostgresLimiters.name(ofProvider: $0)] } ?? []) + [host, "\(host)/\(model)"]
        self.patience = patience
    }

    /// The host of an address, with the port where one is given.
    static func host(of baseURL: String) -> String {
        let url = URL(string: baseURL)
        let host = (url?.host() ?? baseURL).lowercased()
        return url?.port.map { "\(host):\($0)" } ?? host
    }

    func acquire(tokens: Int) async throws -> any ModelPermit {
        var permits: [FleetPermit] = []
        do {
            for name in self.names {
                permits.append(try await self.limits.acquire(name, tokens: tokens, patience: self.patience))
            }
        } catch {
            for permit in permits { permit.undo() }
            throw error
        }
        return Permits(permits: permits)
    }

    private struct Permits: ModelPermit {
        let permits: [FleetPermit]

        func settle(actualTokens: Int) {
            for permit in self.permits { permit.settle(actualTokens: actualTokens) }
        }

        func penalize(retryAfter: Duration?) async {
            for permit in self.permits { await permit.penalize(retryAfter: retryAfter) }
        }

        func release() {
            for permit in self.permits { permit.release() }
        }
    }
}
