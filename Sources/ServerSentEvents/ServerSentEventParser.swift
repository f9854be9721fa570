/// Reads a `text/event-stream` (WHATWG HTML, section 9.2.6): bytes in, events out.
///
/// How the bytes are cut into pieces makes no difference to the events. An event that the stream breaks off is not
/// reported, as the specification asks.
public struct ServerSentEventParser: Sendable {
    /// The most bytes that the fields of one event may have together; also the most of one line, comments included.
    public let maximumEventBytes: Int
    /// The last `id` seen, to be sent as `Last-Event-ID` after a reconnect; empty before the first.
    public private(set) var lastEventID = ""
    /// The last `retry` seen: how long to wait before a reconnect.
    public private(set) var reconnectionTime: Duration?

    private var line: [UInt8] = []
    private var isFirstLine = true
    private var endedWithCarriageReturn = false
    private var eventBytes = 0
    private var data: [UInt8] = []
    private var hasData = false
    private var event = ""
    private var id: String?
    private var retry: Duration?
    private var failure: ServerSentEventError?

    public init(maximumEventBytes: Int = 4 << 20) {
        self.maximumEventBytes = maximumEventBytes
    }

    /// Takes the next bytes of the stream and returns the events that they complete.
    ///
    /// Throws ``ServerSentEventError`` with `eventTooLarge` once an event exceeds the limit, and from then on: by this
    /// call where no event was complete before the large one, else by the next.
    public mutating func consume(_ bytes: some Sequence<UInt8>) throws -> [ServerSentEvent] {
        if let failure { throw failure }
        var events: [ServerSentEvent] = []
        let taken: Void? = bytes.withContiguousStorageIfAvailable { self.scan($0, into: &events) }
        if taken == nil {
            Array(bytes).withUnsafeBufferPointer { self.scan($0, into: &events) }
        }
        if let failure, events.isEmpty { throw failure }
        return events
    }

    private mutating func scan(_ bytes: UnsafeBufferPointer<UInt8>, into events: inout [ServerSentEvent]) {
        var start = bytes.startIndex
        if self.endedWithCarriageReturn, let first = bytes.first {
            self.endedWithCarriageReturn = false
            if first == UInt8(ascii: "\n") { start += 1 }
        }
        var index = start
        while index < bytes.endIndex {
            let byte = bytes[index]
            guard byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") else {
                index += 1
                continue
            }
            guard self.extendLine(bytes[start..<index]) else { return }
            self.endLine(into: &events)
            index += 1
            if byte == UInt8(ascii: "\r") {
                if index == bytes.endIndex {
                    self.endedWithCarriageReturn = true
                } else if bytes[index] == UInt8(ascii: "\n") {
                    index += 1
                }
            }
            start = index
        }
        _ = self.extendLine(bytes[start..<index])
    }

    /// Answers whether the event still fits.
    private mutating func extendLine(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard self.eventBytes + self.line.count + bytes.count <= self.maximumEventBytes else {
            self.failure = ServerSentEventError(
                code: .eventTooLarge, message: "an event of the stream exceeds \(self.maximumEventBytes) bytes")
            self.line = []
            self.data = []
            return false
        }
        self.line.append(contentsOf: bytes)
        return true
    }

    private mutating func endLine(into events: inout [ServerSentEvent]) {
        defer { self.line.removeAll(keepingCapacity: true) }
        var line = self.line[...]
        if self.isFirstLine {
            self.isFirstLine = false
            if line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
        }
        guard let first = line.first else {
            if let event = self.endEvent() { events.append(event) }
            return
        }
        guard first != UInt8(ascii: ":") else { return }
        self.eventBytes += line.count
        let colon = line.firstIndex(of: UInt8(ascii: ":"))
        var value = colon.map { line[($0 + 1)...] } ?? []
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        self.setField(String(decoding: line[..<(colon ?? line.endIndex)], as: UTF8.self), value)
    }

    private mutating func setField(_ name: String, _ value: ArraySlice<UInt8>) {
        switch name {
        case "data":
            if self.hasData { self.data.append(UInt8(ascii: "\n")) }
            self.data.append(contentsOf: value)
            self.hasData = true
        case "event":
            self.event = String(decoding: value, as: UTF8.self)
        case "id" where !value.contains(0):
            self.id = String(decoding: value, as: UTF8.self)
            self.lastEventID = String(decoding: value, as: UTF8.self)
        case "retry":
            let isNumber = !value.isEmpty && value.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            // A wait beyond 32 bits of milliseconds (24 days) is a mistake of the sender.
            if isNumber, let milliseconds = Int32(String(decoding: value, as: UTF8.self)) {
                self.retry = .milliseconds(milliseconds)
                self.reconnectionTime = self.retry
            }
        default:
            break
        }
    }

    private mutating func endEvent() -> ServerSentEvent? {
        defer {
            self.eventBytes = 0
            self.data.removeAll(keepingCapacity: true)
            self.hasData = false
            self.event = ""
            self.id = nil
            self.retry = nil
        }
        guard self.hasData else { return nil }
        return ServerSentEvent(
            id: self.id, event: self.event.isEmpty ? "message" : self.event,
            data: String(decoding: self.data, as: UTF8.self), retry: self.retry)
    }
}
