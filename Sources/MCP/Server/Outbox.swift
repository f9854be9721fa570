import Synchronization

/// What waits to be written to one event stream.
///
/// A reader that stops reading would let the answers pile up, so beyond `maximumQueuedBytes` the stream ends instead.
final class Outbox: Sendable {
    let pieces: AsyncStream<[UInt8]>
    private let continuation: AsyncStream<[UInt8]>.Continuation
    private let queuedBytes = Mutex(0)
    private let maximumQueuedBytes: Int

    init(maximumQueuedBytes: Int) {
        (self.pieces, self.continuation) = AsyncStream.makeStream()
        self.maximumQueuedBytes = maximumQueuedBytes
    }

    /// Queues a message as one event.
    func send(_ message: JSONRPCMessage) {
        self.send(event: "message", data: message.json.serialized())
    }

    /// Queues an event; `data` holds no line end.
    func send(event: String, data: [UInt8]) {
        var bytes = Array("event: \(event)\ndata: ".utf8)
        bytes.append(contentsOf: data)
        bytes.append(contentsOf: "\n\n".utf8)
        self.queue(bytes)
    }

    /// Queues a comment, which keeps connections open and finds the dead ones.
    func sendKeepAlive() {
        self.queue(Array(": keep-alive\n\n".utf8))
    }

    /// Ends the stream after what is queued.
    func finish() {
        self.continuation.finish()
    }

    /// Bytes have left for the network.
    func wrote(_ bytes: Int) {
        self.queuedBytes.withLock { $0 -= bytes }
    }

    private func queue(_ bytes: [UInt8]) {
        let fits = self.queuedBytes.withLock { queued in
            guard queued == 0 || queued + bytes.count <= self.maximumQueuedBytes else { return false }
            queued += bytes.count
            return true
        }
        if fits {
            self.continuation.yield(bytes)
        } else {
            self.continuation.finish()
        }
    }
}
