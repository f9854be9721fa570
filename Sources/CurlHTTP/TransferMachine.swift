/// One exchange as its asking task and the event thread see it together.
///
/// The machine performs nothing: each event answers what its caller must do. `Waiter` stands for the asking task while
/// it is suspended; there is at most one.
struct TransferMachine<Waiter: Sendable>: Sendable {
    /// What the asking task waits for.
    enum Interest: Sendable {
        case head, chunk, end
    }

    /// How many bytes may wait for their reader; `nil` collects the whole body.
    let bufferLimit: Int?
    private(set) var head: HTTPResponseHead?
    private(set) var buffer: [UInt8] = []
    private(set) var isPaused = false
    private(set) var end: Result<Void, HTTPClientError>?
    private var waiter: (interest: Interest, waiter: Waiter)?

    init(bufferLimit: Int?) {
        self.bufferLimit = bufferLimit
    }

    /// The asking task is about to wait; `false` where it need not.
    mutating func waits(for interest: Interest, _ waiter: Waiter) -> Bool {
        guard !self.satisfies(interest) else { return false }
        precondition(self.waiter == nil, "the body of an answer has one reader")
        self.waiter = (interest, waiter)
        return true
    }

    /// The final head arrived. Answers whom to wake.
    mutating func received(head: HTTPResponseHead) -> Waiter? {
        self.head = head
        return self.satisfiedWaiter()
    }

    enum BodyAction {
        case accept(wake: Waiter?)
        /// Keep the bytes back until ``takeChunk()`` asks for more.
        case pause
        /// The exchange is over: nobody wants the bytes.
        case abort
    }

    /// Bytes of the body arrived.
    mutating func received(body: UnsafeBufferPointer<UInt8>) -> BodyAction {
        guard self.end == nil else { return .abort }
        if let bufferLimit, !self.buffer.isEmpty, self.buffer.count + body.count > bufferLimit {
            self.isPaused = true
            return .pause
        }
        self.buffer.append(contentsOf: body)
        return .accept(wake: self.satisfiedWaiter())
    }

    /// The exchange ended, well or not; only the first end counts. Answers whom to wake, and whether it was the first.
    mutating func ended(_ result: Result<Void, HTTPClientError>) -> (wake: Waiter?, isFirst: Bool) {
        guard self.end == nil else { return (nil, false) }
        self.end = result
        // A stream's reader gets what arrived before a failure; half of a collected body is of no use.
        if case .failure(let error) = result, self.bufferLimit == nil || error.code == .cancelled { self.buffer = [] }
        return (self.satisfiedWaiter(), true)
    }

    /// Takes what has arrived of the body, and answers whether the sender, held back until now, may go on.
    mutating func takeChunk() -> (chunk: [UInt8], resumes: Bool) {
        let chunk = self.buffer
        self.buffer = []
        defer { self.isPaused = false }
        return (chunk, self.isPaused && self.end == nil)
    }

    private func satisfies(_ interest: Interest) -> Bool {
        switch interest {
        case .head: self.head != nil || self.end != nil
        case .chunk: !self.buffer.isEmpty || self.end != nil
        case .end: self.end != nil
        }
    }

    private mutating func satisfiedWaiter() -> Waiter? {
        guard let waiter, self.satisfies(waiter.interest) else { return nil }
        self.waiter = nil
        return waiter.waiter
    }
}
