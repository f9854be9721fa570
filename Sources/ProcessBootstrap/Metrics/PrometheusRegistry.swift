import Synchronization

/// The metrics of this process, as Prometheus scrapes them.
///
/// Every time series stands under its metric's name and its sorted labels. Format: "Prometheus text-based exposition
/// format", version 0.0.4.
public final class PrometheusRegistry: Sendable {
    enum Kind: String {
        case counter, gauge, histogram
    }

    struct Histogram {
        var counts: [Int]
        var sum = 0.0
        var count = 0
    }

    enum Value {
        case number(Double)
        case histogram(Histogram)
    }

    struct Family {
        var kind: Kind
        var series: [[Label]: Value] = [:]
    }

    struct Label: Hashable, Comparable {
        var name: String
        var value: String

        static func < (lhs: Label, rhs: Label) -> Bool { lhs.name < rhs.name }
    }

    /// Upper bounds of histogram buckets in seconds: from a cached answer to a slow generation.
    static let bounds: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
    ]

    private let families = Mutex<[String: Family]>([:])

    public init() {}

    func add(_ amount: Double, to name: String, labels: [Label]) {
        self.update(name, .counter, labels) { value in
            if case .number(let old) = value { value = .number(old + amount) }
        }
    }

    func set(_ name: String, labels: [Label], to amount: Double) {
        self.update(name, .gauge, labels) { $0 = .number(amount) }
    }

    func change(_ name: String, labels: [Label], by amount: Double) {
        self.update(name, .gauge, labels) { value in
            if case .number(let old) = value { value = .number(old + amount) }
        }
    }

    func observe(_ amount: Double, in name: String, labels: [Label]) {
        self.update(name, .histogram, labels) { value in
            guard case .histogram(var histogram) = value else { return }
            if let bucket = Self.bounds.firstIndex(where: { amount <= $0 }) { histogram.counts[bucket] += 1 }
            histogram.sum += amount
            histogram.count += 1
            value = .histogram(histogram)
        }
    }

    func remove(_ name: String, labels: [Label]) {
        _ = self.families.withLock { $0[name]?.series.removeValue(forKey: labels.sorted()) }
    }

    private func update(_ name: String, _ kind: Kind, _ labels: [Label], _ body: (inout Value) -> Void) {
        let key = labels.sorted()
        self.families.withLock { families in
            var family = families[name] ?? Family(kind: kind)
            // A name belongs to the first kind that uses it; a second would make the page unreadable.
            guard family.kind == kind else { return }
            var value =
                family.series[key]
                ?? (kind == .histogram
                    ? .histogram(Histogram(counts: Array(repeating: 0, count: Self.bounds.count))) : .number(0))
            body(&value)
            family.series[key] = value
            families[name] = family
        }
    }

    /// The page for a scraper, `text/plain; version=0.0.4`.
    public func exposition() -> String {
        let families = self.families.withLock { $0 }
        var page = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            page += "# HELP \(name) \(name.replacing("_", with: " "))\n# TYPE \(name) \(family.kind.rawValue)\n"
            for (labels, value) in family.series.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                switch value {
                case .number(let number):
                    page += "\(name)\(Self.text(labels)) \(Self.text(number))\n"
                case .histogram(let histogram):
                    var running = 0
                    for (bound, count) in zip(Self.bounds, histogram.counts) {
                        running += count
                        let le = labels + [Label(name: "le", value: Self.text(bound))]
                        page += "\(name)_bucket\(Self.text(le)) \(running)\n"
                    }
                    let le = labels + [Label(name: "le", value: "+Inf")]
                    page += "\(name)_bucket\(Self.text(le)) \(histogram.count)\n"
                    page += "\(name)_sum\(Self.text(labels)) \(Self.text(histogram.sum))\n"
                    page += "\(name)_count\(Self.text(labels)) \(histogram.count)\n"
                }
            }
        }
        return page
    }

    private static func text(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : String(number)
    }

    private static func text(_ labels: [Label]) -> String {
        guard !labels.isEmpty else { return "" }
        let pairs = labels.map { label in
            let value = label.value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
                .replacing("\n", with: "\\n")
            return "\(label.name)=\"\(value)\""
        }
        return "{" + pairs.joined(separator: ",") + "}"
    }
}
