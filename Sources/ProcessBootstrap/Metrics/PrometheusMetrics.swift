public import Metrics

/// swift-metrics on top of a ``PrometheusRegistry``.
///
/// Labels of the form `a.b` become `a_b`; timers and recorders with the suffix `.duration` or `_seconds` are
/// histograms of seconds.
public struct PrometheusMetrics: MetricsFactory {
    private let registry: PrometheusRegistry

    public init(registry: PrometheusRegistry) {
        self.registry = registry
    }

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        Series(registry: self.registry, label: label, dimensions: dimensions, suffix: "_total")
    }

    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        Series(registry: self.registry, label: label, dimensions: dimensions, suffix: "_total")
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        Series(registry: self.registry, label: label, dimensions: dimensions)
    }

    public func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        aggregate
            ? Series(registry: self.registry, label: label, dimensions: dimensions)
            : GaugeRecorder(series: Series(registry: self.registry, label: label, dimensions: dimensions))
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        Series(registry: self.registry, label: label, dimensions: dimensions, suffix: "_seconds")
    }

    public func destroyCounter(_ handler: any CounterHandler) { (handler as? Series)?.remove() }
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {
        (handler as? Series)?.remove()
    }
    public func destroyMeter(_ handler: any MeterHandler) { (handler as? Series)?.remove() }
    public func destroyRecorder(_ handler: any RecorderHandler) { (handler as? Series)?.remove() }
    public func destroyTimer(_ handler: any TimerHandler) { (handler as? Series)?.remove() }
}

/// One name with one set of labels.
private final class Series: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    private let registry: PrometheusRegistry
    private let name: String
    private let labels: [PrometheusRegistry.Label]
    private let isCounter: Bool

    init(registry: PrometheusRegistry, label: String, dimensions: [(String, String)], suffix: String = "") {
        self.registry = registry
        self.isCounter = suffix == "_total"
        let name = Self.name(label)
        self.name = name.hasSuffix(suffix) ? name : name + suffix
        self.labels = dimensions.map { PrometheusRegistry.Label(name: Self.name($0.0), value: $0.1) }
    }

    /// Names hold letters, digits and underscores only.
    private static func name(_ label: String) -> String {
        String(label.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    func remove() { self.registry.remove(self.name, labels: self.labels) }

    func increment(by amount: Int64) { self.registry.add(Double(amount), to: self.name, labels: self.labels) }
    func increment(by amount: Double) {
        if self.isCounter {
            self.registry.add(amount, to: self.name, labels: self.labels)
        } else {
            self.registry.change(self.name, labels: self.labels, by: amount)
        }
    }
    func decrement(by amount: Double) { self.registry.change(self.name, labels: self.labels, by: -amount) }
    func reset() {}
    func set(_ value: Int64) { self.registry.set(self.name, labels: self.labels, to: Double(value)) }
    func set(_ value: Double) { self.registry.set(self.name, labels: self.labels, to: value) }
    func record(_ value: Int64) { self.registry.observe(Double(value), in: self.name, labels: self.labels) }
    func record(_ value: Double) { self.registry.observe(value, in: self.name, labels: self.labels) }
    func recordNanoseconds(_ duration: Int64) {
        self.registry.observe(Double(duration) / 1e9, in: self.name, labels: self.labels)
    }
}

/// A recorder that keeps the last value only.
private final class GaugeRecorder: RecorderHandler {
    private let series: Series

    init(series: Series) {
        self.series = series
    }

    func record(_ value: Int64) { self.series.set(value) }
    func record(_ value: Double) { self.series.set(value) }
}
