import JobQueue
import Yams

/// Reads the operators' numbers, one section after the other.
struct QueueNumbersReader {
    private var reader: OperatorFileReader
    private let queueNames: [String]
    private let kindNames: [String]

    private static let sections = ["queues", "kinds", "providers", "budgets", "retention", "ageing"]
    /// More than any fleet has, and less than the database's integers hold.
    private static let fleet = 1...1_000_000
    private static let rate = 1...1_000_000_000
    private static let day = Duration.seconds(86_400)

    init(file: String, definitions: [JobDefinition]) {
        self.reader = OperatorFileReader(file: file)
        self.queueNames = Set(definitions.map(\.queue)).sorted()
        self.kindNames = definitions.map(\.kind).sorted()
    }

    mutating func read(_ yaml: String) throws(OperatorFileError) -> QueueNumbers {
        var numbers = QueueNumbers(
            queues: [:], kinds: [:], retention: .init(done: .zero, event: .zero, dead: .zero, job: .zero), ageing: [:])
        if let root = self.reader.root(of: yaml),
            let file = self.reader.table(root, path: "", required: Self.sections, optional: ["autoscale"])
        {
            for entry in file.entries {
                switch entry.name {
                case "queues": numbers.queues = self.queues(entry.value)
                case "kinds": numbers.kinds = self.kinds(entry.value)
                case "providers": numbers.providers = self.providers(entry.value)
                case "retention": numbers.retention = self.retention(entry.value) ?? numbers.retention
                case "ageing": numbers.ageing = self.ageing(entry.value)
                case "autoscale": numbers.autoscale = self.autoscale(entry.value)
                // The scopes of budgets name providers, wherever these stand; an unknown section was noted.
                default: break
                }
            }
            if let budgets = file["budgets"] {
                numbers.budgets = self.budgets(budgets, providers: numbers.providers.keys.sorted())
            }
        }
        return try self.reader.finish(numbers)
    }

    private mutating func queues(_ node: Node) -> [String: QueueNumbers.Queue] {
        var queues: [String: QueueNumbers.Queue] = [:]
        guard let table = self.reader.table(node, path: "queues", required: self.queueNames) else { return queues }
        for entry in table.entries {
            guard
                let row = self.reader.table(
                    entry.value, path: table.path(entry.name), required: ["slots", "prefetch"],
                    optional: ["max_running"])
            else { continue }
            let slots = self.reader.integer(row, "slots", in: 1...1_024)
            let prefetch = self.reader.integer(row, "prefetch", in: 0...10_000)
            let maxRunning = self.reader.limit(row, "max_running", in: Self.fleet)
            guard let slots, let prefetch else { continue }
            queues[entry.name] = QueueNumbers.Queue(slots: slots, prefetch: prefetch, maxRunning: maxRunning)
        }
        return queues
    }

    private mutating func kinds(_ node: Node) -> [String: QueueNumbers.Kind] {
        var kinds: [String: QueueNumbers.Kind] = [:]
        guard let table = self.reader.table(node, path: "kinds", required: self.kindNames) else { return kinds }
        for entry in table.entries {
            guard
                let row = self.reader.table(
                    entry.value, path: table.path(entry.name), required: ["timeout", "max_attempts"],
                    optional: ["max_running"])
            else { continue }
            let maxRunning = self.reader.limit(row, "max_running", in: Self.fleet)
            let timeout = self.reader.duration(row, "timeout", in: .milliseconds(100)...Self.day)
            let maxAttempts = self.reader.integer(row, "max_attempts", in: 1...1_000)
            guard let timeout, let maxAttempts else { continue }
            kinds[entry.name] = QueueNumbers.Kind(maxRunning: maxRunning, timeout: timeout, maxAttempts: maxAttempts)
        }
        return kinds
    }

    private mutating func providers(_ node: Node) -> [String: QueueNumbers.Provider] {
        var providers: [String: QueueNumbers.Provider] = [:]
        guard let table = self.reader.table(node, path: "providers") else { return providers }
        for entry in table.entries {
            guard entry.name.wholeMatch(of: /[a-z0-9][a-z0-9._\-]{0,63}/) != nil else {
                self.reader.note(
                    entry.key,
                    "\(table.path(entry.name)): a provider's name is 1 to 64 lower-case letters, digits, ., - and _")
                continue
            }
            guard
                let row = self.reader.table(
                    entry.value, path: table.path(entry.name), required: [],
                    optional: ["requests_per_minute", "tokens_per_minute", "concurrency"])
            else { continue }
            providers[entry.name] = QueueNumbers.Provider(
                requestsPerMinute: self.reader.limit(row, "requests_per_minute", in: Self.rate),
                tokensPerMinute: self.reader.limit(row, "tokens_per_minute", in: Self.rate),
                concurrency: self.reader.limit(row, "concurrency", in: Self.fleet))
        }
        return providers
    }

    private mutating func budgets(_ node: Node, providers: [String]) -> [String: QueueNumbers.Budget] {
        var budgets: [String: QueueNumbers.Budget] = [:]
        guard let table = self.reader.table(node, path: "budgets") else { return budgets }
        let scopes =
            ["all"] + self.queueNames.map { "queue:\($0)" } + self.kindNames.map { "kind:\($0)" }
            + providers.map { "provider:\($0)" }
        for entry in table.entries {
            if !scopes.contains(entry.name) {
                self.reader.note(
                    entry.key, "\(table.path(entry.name)) is unknown; allowed are \(scopes.joined(separator: ", "))")
            }
            guard
                let row = self.reader.table(
                    entry.value, path: table.path(entry.name), required: ["period", "cap_usd"])
            else { continue }
            let periods = QueueNumbers.Budget.Period.allCases.map(\.rawValue).joined(separator: ", ")
            let period = self.reader.value(row, "period", expected: "one of \(periods)") {
                QueueNumbers.Budget.Period(rawValue: $0)
            }
            let cap = self.reader.value(
                row, "cap_usd", expected: "an amount from 0 to 1000000 with at most six decimals, such as 25.00"
            ) { USDAmount.micros($0) }
            guard let period, let cap else { continue }
            budgets[entry.name] = QueueNumbers.Budget(period: period, capMicros: cap)
        }
        return budgets
    }

    private mutating func retention(_ node: Node) -> QueueNumbers.Retention? {
        let names = ["done", "event", "dead", "job"]
        guard let table = self.reader.table(node, path: "retention", required: names) else { return nil }
        let days = names.map { name in
            self.reader.value(table, name, expected: "whole days from 1d to 3650d") { text in
                Duration(shorthand: text).flatMap {
                    $0 >= Self.day && $0 <= Self.day * 3_650 && $0.isWholeDays ? $0 : nil
                }
            }
        }
        guard let done = days[0], let event = days[1], let dead = days[2], let job = days[3] else { return nil }
        return QueueNumbers.Retention(done: done, event: event, dead: dead, job: job)
    }

    private mutating func ageing(_ node: Node) -> [Lane: Duration] {
        guard let table = self.reader.table(node, path: "ageing", required: [], optional: ["standard", "bulk"]) else {
            return [:]
        }
        var ageing: [Lane: Duration] = [:]
        for (name, lane) in [("standard", Lane.standard), ("bulk", Lane.bulk)] where table[name] != nil {
            ageing[lane] = self.reader.duration(table, name, in: .seconds(1)...(Self.day * 30))
        }
        return ageing
    }

    private mutating func autoscale(_ node: Node) -> [String: AutoscaleRule] {
        var rules: [String: AutoscaleRule] = [:]
        guard
            let table = self.reader.table(node, path: "autoscale", required: [], optional: self.queueNames)
        else { return rules }
        for entry in table.entries where self.queueNames.contains(entry.name) {
            guard
                let row = self.reader.table(
                    entry.value, path: table.path(entry.name), required: ["target_wait", "min", "max"])
            else { continue }
            let wait = self.reader.duration(row, "target_wait", in: .seconds(1)...Self.day)
            let low = self.reader.integer(row, "min", in: 0...10_000)
            let high = self.reader.integer(row, "max", in: 1...10_000)
            guard let wait, let low, let high else { continue }
            guard low <= high else {
                self.reader.note(entry.key, "\(table.path(entry.name)): min is above max")
                continue
            }
            rules[entry.name] = AutoscaleRule(targetWait: wait, replicas: low...high)
        }
        return rules
    }
}

extension Duration {
    fileprivate var isWholeDays: Bool {
        let (seconds, attoseconds) = self.components
        return attoseconds == 0 && seconds % 86_400 == 0
    }
}
