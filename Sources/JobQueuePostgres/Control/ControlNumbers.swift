/// What becomes of one number.
public enum NumberSetting<Value: Hashable & Sendable>: Hashable, Sendable {
    /// It stays as it is.
    case keep
    case to(Value)
    /// There is none: no limit, or what the worker or the job says.
    case none
}

/// Waits after which the lower lanes of a queue get a share of its runs.
public struct LaneAgeing: Hashable, Sendable {
    public var standard: Duration
    public var bulk: Duration

    public init(standard: Duration, bulk: Duration) {
        self.standard = standard
        self.bulk = bulk
    }
}

/// A change of a queue's numbers.
public struct QueueNumberChange: Hashable, Sendable {
    /// Runs at the same time in the whole fleet.
    public var maxRunning: NumberSetting<Int> = .keep
    /// Runs at the same time in each worker process.
    public var slots: NumberSetting<Int> = .keep
    /// Jobs that a worker process claims ahead of a free slot.
    public var prefetch: NumberSetting<Int> = .keep
    public var ageing: NumberSetting<LaneAgeing> = .keep

    public init() {}
}

/// A change of a kind's numbers.
public struct KindNumberChange: Hashable, Sendable {
    /// Runs at the same time in the whole fleet.
    public var maxRunning: NumberSetting<Int> = .keep
    /// The longest time a run may take, for runs that begin from now on.
    public var timeout: NumberSetting<Duration> = .keep
    /// Runs a job gets before it is given up, for runs that begin from now on.
    public var maxAttempts: NumberSetting<Int> = .keep

    public init() {}
}

/// A number that was changed, as text in the units of the tables: milliseconds, days, millionths of the currency.
public struct NumberChange: Hashable, Sendable, Codable {
    /// `queue NAME`, `kind NAME`, `budget SCOPE`, `provider NAME` or `retention`.
    public var subject: String
    public var number: String
    /// `nil` when there was none.
    public var was: String?
    /// `nil` when there is none now.
    public var becomes: String?

    public init(subject: String, number: String, was: String?, becomes: String?) {
        self.subject = subject
        self.number = number
        self.was = was
        self.becomes = becomes
    }
}

/// The form in which `lectern.set_numbers` reads a change: every number that is named, null for none.
struct NumberTable: Encodable {
    enum Value: Hashable, Encodable {
        case number(Int64)
        case numbers([Int64])
        case null

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .number(let number): try container.encode(number)
            case .numbers(let numbers): try container.encode(numbers)
            case .null: try container.encodeNil()
            }
        }
    }

    private(set) var values: [String: Value] = [:]

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.values)
    }

    private mutating func set<T>(_ name: String, _ setting: NumberSetting<T>, _ value: (T) -> Value) {
        switch setting {
        case .keep: break
        case .to(let number): self.values[name] = value(number)
        case .none: self.values[name] = .null
        }
    }

    init(_ change: QueueNumberChange) {
        self.set("max_running", change.maxRunning) { .number(Int64($0)) }
        self.set("slots", change.slots) { .number(Int64($0)) }
        self.set("prefetch", change.prefetch) { .number(Int64($0)) }
        self.set("ageing_ms", change.ageing) { .numbers([Self.wait($0.standard), Self.wait($0.bulk)]) }
    }

    init(_ change: KindNumberChange) {
        self.set("max_running", change.maxRunning) { .number(Int64($0)) }
        self.set("timeout_ms", change.timeout) { .number($0.milliseconds) }
        self.set("max_attempts", change.maxAttempts) { .number(Int64($0)) }
    }

    /// The column holds 24 days at the most, and what waits longer than that does not age.
    private static func wait(_ duration: Duration) -> Int64 { min(max(0, duration.milliseconds), Int64(Int32.max)) }
}
