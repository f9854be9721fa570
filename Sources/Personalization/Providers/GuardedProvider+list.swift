public import LanguageModels
public import Logging
public import PipelineJobs

extension GuardedProvider {
    /// All providers of the operators' file in their order, with one guard over their common budgets.
    /// - Parameters:
    ///   - model: makes the model that asks a provider's endpoint, and the limits it is asked within.
    ///   - ledger: keeps what was asked.
    public static func all(
        _ providers: ModelProviders, ledger: any AttemptLedger, logger: Logger,
        model: (ModelProviders.Provider) throws -> (model: any ChatModel, limits: any ModelLimits)
    ) rethrows -> [GuardedProvider] {
        let spending = SpendingGuard(providers, ledger: ledger)
        return try providers.providers.map { provider in
            let (model, limits) = try model(provider)
            return GuardedProvider(
                provider, model: model, limits: limits, spending: spending, ledger: ledger, logger: logger)
        }
    }
}
