/// The body of an event stream: it is produced while it is written, by the task that writes it.
///
/// All work that feeds the stream — tool calls among it — runs inside ``write(to:)``. So whoever serves HTTP calls it
/// from the task of the response body and cancels that task when the client goes away; nothing of it lives longer.
public struct MCPEventStream: Sendable {
    private let maximumQueuedBytes: Int
    private let produce: @Sendable (Outbox) async -> Void

    init(maximumQueuedBytes: Int, _ produce: @escaping @Sendable (Outbox) async -> Void) {
        self.maximumQueuedBytes = maximumQueuedBytes
        self.produce = produce
    }

    /// Hands over the stream's bytes piece by piece until it ends.
    ///
    /// Returns when the stream ended or the task was cancelled; throws what `sink` throws, after all work has stopped.
    public func write(to sink: (_ bytes: [UInt8]) async throws -> Void) async throws {
        let outbox = Outbox(maximumQueuedBytes: self.maximumQueuedBytes)
        let produce = self.produce
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await produce(outbox)
                outbox.finish()
            }
            // Cancels the producer also where the stream was ended for want of a reader.
            defer { group.cancelAll() }
            for await bytes in outbox.pieces {
                try await sink(bytes)
                outbox.wrote(bytes.count)
            }
        }
    }
}
