import Synchronization

/// One exchange on its way: the asking task on one side, the event thread on the other.
final class Transfer: Sendable {
    let request: HTTPClientRequest
    let url: HTTPURL
    private let loop: CurlEventLoop
    private let machine: Mutex<TransferMachine<CheckedContinuation<Void, Never>>>

    init(request: HTTPClientRequest, url: HTTPURL, loop: CurlEventLoop, bufferLimit: Int?) {
        self.request = request
        self.url = url
        self.loop = loop
        self.machine = Mutex(TransferMachine(bufferLimit: bufferLimit))
    }

    // The asking task's side.

    /// Waits for the whole answer.
    func response() async throws(HTTPClientError) -> HTTPClientResponse {
        await self.wait(for: .end)
        let (head, body, end) = self.machine.withLock { ($0.head, $0.takeChunk().chunk, $0.end) }
        try end?.get()
        guard let head else { throw self.missingHead }
        return HTTPClientResponse(status: head.status, headers: head.headers, body: body)
    }

    /// Waits for status and headers.
    func responseHead() async throws(HTTPClientError) -> HTTPResponseHead {
        await self.wait(for: .head)
        let (head, end) = self.machine.withLock { ($0.head, $0.end) }
        if let head { return head }
        try end?.get()
        throw self.missingHead
    }

    /// Waits for the next piece of the body; `nil` after the last.
    func nextChunk() async throws(HTTPClientError) -> [UInt8]? {
        await self.wait(for: .chunk)
        let (taken, end) = self.machine.withLock { ($0.takeChunk(), $0.end) }
        if taken.resumes { self.loop.resume(self) }
        guard taken.chunk.isEmpty else { return taken.chunk }
        try end?.get()
        return nil
    }

    /// Gives the exchange up: whoever waits for it learns so at once, and the event thread closes it.
    func abort(_ error: HTTPClientError) {
        if self.finish(.failure(error)) { self.loop.remove(self) }
    }

    private func wait(for interest: TransferMachine<CheckedContinuation<Void, Never>>.Interest) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isWaiting = self.machine.withLock { $0.waits(for: interest, continuation) }
                if !isWaiting { continuation.resume() }
            }
        } onCancel: {
            self.abort(HTTPClientError(.cancelled, "\(self.request): cancelled"))
        }
    }

    private var missingHead: HTTPClientError {
        HTTPClientError(.protocolViolation, "\(self.request): the answer has no head")
    }

    // The event thread's side.

    var isEnded: Bool { self.machine.withLock { $0.end != nil } }

    func received(head: HTTPResponseHead) {
        self.machine.withLock { $0.received(head: head) }?.resume()
    }

    enum BodyAnswer {
        case accepted, paused, aborted
    }

    func received(body: UnsafeBufferPointer<UInt8>) -> BodyAnswer {
        switch self.machine.withLock({ $0.received(body: body) }) {
        case .accept(let waiter):
            waiter?.resume()
            return .accepted
        case .pause:
            return .paused
        case .abort:
            return .aborted
        }
    }

    /// Ends the exchange unless it has ended; answers whether it was this call that did.
    @discardableResult
    func finish(_ result: Result<Void, HTTPClientError>) -> Bool {
        let (waiter, isFirst) = self.machine.withLock { $0.ended(result) }
        waiter?.resume()
        return isFirst
    }
}
