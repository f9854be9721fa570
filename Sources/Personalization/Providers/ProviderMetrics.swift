import Metrics

/// What the requests to models amount to, for the process's metrics.
struct ProviderMetrics: Sendable {
    private let promptTokens: Counter
    private let completionTokens: Counter
    private let cost: FloatingPointCounter
    private let model: String
    private let factory: any MetricsFactory

    init(model: String, factory: any MetricsFactory) {
        func tokens(_ direction: String) -> Counter {
            Counter(
                label: "lectern_llm_tokens", dimensions: [("direction", direction), ("model", model)], factory: factory)
        }
        self.promptTokens = tokens("prompt")
        self.completionTokens = tokens("completion")
        self.cost = FloatingPointCounter(
            label: "lectern_llm_cost_usd", dimensions: [("model", model)], factory: factory)
        self.model = model
        self.factory = factory
    }

    func finished(_ attempt: ModelAttempt) {
        self.promptTokens.increment(by: attempt.promptTokens)
        self.completionTokens.increment(by: attempt.completionTokens)
        self.cost.increment(by: Double(attempt.costMicros) / 1_000_000)
        // There are a dozen outcomes, and a request takes seconds: no need to keep its timers.
        Timer(
            label: "lectern_llm_request",
            dimensions: [("model", self.model), ("outcome", attempt.outcome.rawValue)], factory: self.factory
        ).recordMilliseconds(attempt.milliseconds)
    }
}
