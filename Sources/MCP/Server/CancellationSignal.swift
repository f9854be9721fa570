/// Lets whoever holds it stop a call that runs in another task.
struct CancellationSignal: Sendable {
    private let stream: AsyncStream<Never>
    private let continuation: AsyncStream<Never>.Continuation

    init() {
        (self.stream, self.continuation) = AsyncStream.makeStream()
    }

    /// Gives the signal; once given it stays.
    func fire() {
        self.continuation.finish()
    }

    /// Returns when the signal is given or the waiting task is cancelled.
    func wait() async {
        for await _ in self.stream {}
    }
}
