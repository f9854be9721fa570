import FoundationEssentials
import JobQueue
import LanguageModels

/// The fleet's limits of one model: those of its provider as a whole, and its own.
struct FleetModelLimits: ModelLimits {
    private let limits: FleetLimits
    /// `api.openai.com` and `api.openai.com/gpt-4o-mini`.
    private let names: [String]
    private let patience: Duration

    /// - Parameters:
    ///   - baseURL: the provider is named by its host, with the port where one is given.
    ///   - patience: how long a request waits for its turn.
    init(_ limits: FleetLimits, baseURL: String, model: String, patience: Duration) {
        let url = URL(string: baseURL)
        let host = (url?.host() ?? baseURL).lowercased()
        let provider = url?.port.map { "\(host):\($0)" } ?? host
        self.limits = limits
        self.names = [provider, "\(provider)/\(model)"]
        self.patience = patience
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
