/// Where work stands in a distributed trace: which trace, and which step of it (W3C Trace Context, level 1).
///
/// A request, a job's run and every outgoing call carry one along, so that what they log can be put together.
public struct SpanContext: Hashable, Sendable {
    public let traceID: TraceID
    public let spanID: SpanID
    /// Whether the caller may have recorded the trace: the one flag that level 1 knows.
    public let isSampled: Bool
    /// What tracing systems along the way noted for themselves, passed on unread.
    public let state: TraceState?

    public init(traceID: TraceID, spanID: SpanID, isSampled: Bool = false, state: TraceState? = nil) {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
        self.state = state
    }

    /// The context of the work that the present task does.
    @TaskLocal public static var current: SpanContext?

    /// The beginning of a trace.
    public static func root(
        isSampled: Bool = false, using generator: inout some RandomNumberGenerator
    ) -> SpanContext {
        SpanContext(
            traceID: .random(using: &generator), spanID: .random(using: &generator), isSampled: isSampled)
    }

    /// The next step of the same trace.
    public func child(using generator: inout some RandomNumberGenerator) -> SpanContext {
        SpanContext(
            traceID: self.traceID, spanID: .random(using: &generator), isSampled: self.isSampled, state: self.state)
    }
}

/// Names a trace: 16 bytes, not all zero.
public struct TraceID: Hashable, Sendable, CustomStringConvertible {
    let high: UInt64
    let low: UInt64

    /// `nil` for zero.
    public init?(high: UInt64, low: UInt64) {
        guard high != 0 || low != 0 else { return nil }
        self.high = high
        self.low = low
    }

    public static func random(using generator: inout some RandomNumberGenerator) -> TraceID {
        while true {
            if let id = TraceID(high: generator.next(), low: generator.next()) { return id }
        }
    }

    /// 32 hexadecimal digits in lower case.
    public var description: String { Hexadecimal.text(self.high) + Hexadecimal.text(self.low) }
}

/// Names a step of a trace: 8 bytes, not all zero.
public struct SpanID: Hashable, Sendable, CustomStringConvertible {
    let value: UInt64

    /// `nil` for zero.
    public init?(_ value: UInt64) {
        guard value != 0 else { return nil }
        self.value = value
    }

    public static func random(using generator: inout some RandomNumberGenerator) -> SpanID {
        while true {
            if let id = SpanID(generator.next()) { return id }
        }
    }

    /// 16 hexadecimal digits in lower case.
    public var description: String { Hexadecimal.text(self.value) }
}
