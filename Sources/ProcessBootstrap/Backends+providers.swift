public import CurlHTTP
import JobQueue
import JobQueuePostgres
public import LanguageModels
import Logging
public import PipelineJobs
public import ServiceLifecycle

extension Backends {
    /// How long a request waits for its turn. Somebody waits at the API; a job may come back.
    static func patience(_ role: ProcessRole) -> Duration { role == .api ? .seconds(1) : .seconds(5) }

    /// The model that asks a provider's endpoint, and the fleet's limits it is to be asked within.
    public func chatModel(_ provider: ModelProviders.Provider) -> (model: any ChatModel, limits: any ModelLimits) {
        let key = self.process.settings.providerKeys[provider.name]
        return (OpenAIChatModel(provider, key: key, http: self.http), self.fleetLimits(provider))
    }

    private func fleetLimits(_ provider: ModelProviders.Provider) -> any ModelLimits {
        FleetModelLimits(
            self.limits, baseURL: provider.baseURL, model: provider.model, provider: provider.name,
            patience: Self.patience(self.process.role))
    }

    /// Makes the limits of the operators' file those of the fleet, as soon as the database answers.
    public var providerLimits: any Service {
        ProviderLimits(
            providers: self.process.settings.providers.providers,
            limiters: PostgresLimiters(database: self.database), logger: self.process.logger)
    }
}

extension OpenAIChatModel {
    /// The model of a provider in the operators' file.
    /// - Parameter key: what stands in the provider's `keyFile`.
    public init(
        _ provider: ModelProviders.Provider, key: APIKey?, http: HTTPClient,
        limits: any ModelLimits = UnlimitedModels()
    ) {
        self.init(
            endpoint: OpenAIEndpoint(
                baseURL: provider.baseURL, key: key, timeout: provider.timeout, idleTimeout: provider.timeout),
            model: provider.model, streams: provider.streams,
            tokenLimitField: provider.tokenLimitField == .maxTokens ? .maxTokens : .maxCompletionTokens, http: http,
            limits: limits)
    }
}

/// Puts the limits of providers where the whole fleet finds them, once in a process's life.
struct ProviderLimits: Service {
    let providers: [ModelProviders.Provider]
    let limiters: PostgresLimiters
    let logger: Logger

    func run() async throws {
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            do {
                try await self.apply()
                break
            } catch {
                self.logger.warning("the limits of providers cannot be set", metadata: ["error": "\(error)"])
            }
            // Ends early only by cancellation or shutdown, which the loop sees.
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(5)) }
        }
        try await gracefulShutdown()
    }

    private func apply() async throws {
        for provider in self.providers {
            try await self.limiters.apply(
                QueueNumbers.Provider(
                    requestsPerMinute: provider.requestsPerMinute, tokensPerMinute: provider.tokensPerMinute,
                    concurrency: provider.concurrency), ofProvider: provider.name)
        }
    }
}
