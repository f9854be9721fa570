import FoundationEssentials
import JobQueue
import TraceContext

/// One job on its way into the tables.
struct JobRow: Sendable {
    var queue: String
    var kind: String
    var arguments: String
    var lane: Int16
    var maxAttempts: Int16
    var timeoutMilliseconds: Int32
    var delayMilliseconds: Int64
    var uniqueKey: String?
    var trace: String?
    var actor: String?
    /// What goes beyond a place in a lane, as JSON; `nil` for most jobs.
    var extra: String?

    /// True when the row needs nothing but a body and a place among the runnable ones.
    var isPlain: Bool { self.uniqueKey == nil && self.extra == nil && self.delayMilliseconds == 0 }

    static func rows<Arguments: JobArguments>(
        _ jobs: some Sequence<Arguments>, options: EnqueueOptions
    ) throws -> [JobRow] {
        let definition = Arguments.definition
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        let extra = try JobExtra(options).map { String(decoding: try encoder.encode($0), as: UTF8.self) }
        return try jobs.map { arguments in
            JobRow(
                queue: definition.queue, kind: definition.kind,
                arguments: try Self.text(of: arguments, kind: definition.kind, encoder),
                lane: (options.lane ?? definition.lane).rawValue,
                maxAttempts: Int16(clamping: definition.retryPolicy.maxAttempts),
                timeoutMilliseconds: Int32(clamping: definition.timeout.milliseconds),
                delayMilliseconds: max(0, options.delay.milliseconds), uniqueKey: arguments.uniqueKey,
                trace: options.trace ?? SpanContext.current?.stored, actor: options.actor, extra: extra)
        }
    }

    private static func text(of arguments: some JobArguments, kind: String, _ encoder: JSONEncoder) throws -> String {
        let data: Data
        do {
            data = try encoder.encode(arguments)
        } catch {
            throw EnqueueError(
                code: .argumentsNotEncodable, description: "the arguments of \(kind) do not encode: \(error)")
        }
        guard data.count <= PostgresJobQueue.maximumArgumentBytes else {
            throw EnqueueError(
                code: .argumentsTooLarge,
                description: "the arguments of \(kind) take \(data.count) bytes, "
                    + "\(PostgresJobQueue.maximumArgumentBytes) are allowed")
        }
        return String(decoding: data, as: UTF8.self)
    }
}

extension EnqueueOptions {
    /// True when nothing is asked for beyond a place in a lane.
    var isOrdinary: Bool {
        self.priority == 0 && self.fairness == nil && self.concurrency == nil && self.budgets.isEmpty
            && self.costMicros == 0 && self.expiry == nil && self.batch == nil && self.lineage == nil
            && self.after.isEmpty && self.waiter == nil && self.idempotency == nil && self.gate == nil
    }
}

/// The rarely used options in the form that `lectern.enqueue_one` reads.
private struct JobExtra: Encodable {
    struct Fair: Encodable {
        var key: String
        var step_ms: Int64
    }
    struct Concurrency: Encodable {
        var key: String
        var limit: Int16
    }
    struct Lineage: Encodable {
        var key: String
        var version: Int64
    }
    struct Waiter: Encodable {
        var name: String
        var ttl_ms: Int64
    }
    struct Idempotency: Encodable {
        var scope: String
        var key: String
        var fingerprint: String
        var ttl_ms: Int64
    }

    var priority: Int?
    var fair: Fair?
    var conc: Concurrency?
    var budgets: [String]?
    var cost: Int64?
    var expires_ms: Int64?
    var batch: Int64?
    var lineage: Lineage?
    var needs: [Int64]?
    var waiter: Waiter?
    var idem: Idempotency?
    var gate: String?

    /// `nil` when the options ask for nothing of the kind.
    init?(_ options: EnqueueOptions) {
        if options.isOrdinary { return nil }
        self.priority = options.priority == 0 ? nil : options.priority
        self.fair = options.fairness.map { Fair(key: $0.key, step_ms: max(1, $0.step.milliseconds)) }
        self.conc = options.concurrency.map { Concurrency(key: $0.key, limit: Int16(clamping: max(1, $0.limit))) }
        self.budgets = options.budgets.isEmpty ? nil : options.budgets
        self.cost = options.costMicros == 0 ? nil : options.costMicros
        self.expires_ms = options.expiry.map { max(0, $0.milliseconds) }
        self.batch = options.batch?.rawValue
        self.lineage = options.lineage.map { Lineage(key: $0.key, version: $0.version) }
        self.needs = options.after.isEmpty ? nil : options.after.map(\.rawValue)
        self.waiter = options.waiter.map { Waiter(name: $0.name, ttl_ms: max(1, $0.patience.milliseconds)) }
        self.idem = options.idempotency.map {
            Idempotency(
                scope: $0.scope, key: $0.key, fingerprint: $0.fingerprint, ttl_ms: max(1, $0.lifetime.milliseconds))
        }
        self.gate = options.gate
    }
}

extension Duration {
    /// Whole milliseconds, rounded up, so that a short delay is not lost.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = self.components
        let fraction = attoseconds / 1_000_000_000_000_000
        let rest: Int64 = attoseconds % 1_000_000_000_000_000 > 0 ? 1 : 0
        return seconds * 1_000 + fraction + rest
    }
}
