extension SpanContext {
    /// The value of the header `traceparent`: `00-<trace id>-<span id>-<flags>`.
    public var traceparent: String { "00-\(self.traceID)-\(self.spanID)-\(self.isSampled ? "01" : "00")" }

    /// Reads a `traceparent` (section 3.2 of the recommendation); `nil` for what it forbids.
    ///
    /// A version that is not known yet may append fields, which are not read. Of the flags only the first is kept.
    /// - Parameter state: the values of all `tracestate` fields in their order. A malformed one is left out and does
    ///   not spoil the rest.
    public init?(traceparent: String, state: [String] = []) {
        let bytes = Array(traceparent.utf8)
        let dash = UInt8(ascii: "-")
        guard bytes.count >= 55, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
            let version = Hexadecimal.value(bytes[0..<2]), version != 0xFF,
            bytes.count == 55 || (version != 0 && bytes[55] == dash),
            let high = Hexadecimal.value(bytes[3..<19]), let low = Hexadecimal.value(bytes[19..<35]),
            let traceID = TraceID(high: high, low: low),
            let spanID = Hexadecimal.value(bytes[36..<52]).flatMap(SpanID.init),
            let flags = Hexadecimal.value(bytes[53..<55])
        else { return nil }
        self.init(
            traceID: traceID, spanID: spanID, isSampled: flags & 1 == 1,
            state: state.isEmpty ? nil : TraceState(state.joined(separator: ",")))
    }

    /// One line that holds everything: the `traceparent` and, after a space, the `tracestate` where there is one.
    public var stored: String { self.state.map { "\(self.traceparent) \($0.text)" } ?? self.traceparent }

    /// Reads what ``stored`` wrote, or a bare `traceparent`.
    public init?(stored: String) {
        let parts = stored.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        self.init(traceparent: String(parts[0]), state: parts.dropFirst().map(String.init))
    }
}
