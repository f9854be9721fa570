import JobQueuePostgres

extension PostgresJobQueue {
    /// Waits until the wake-up for the last commits is out: the queue sends it within 50 ms, unless the process ends.
    func sendLastWakeUp() async throws {
        try await Task.sleep(for: .milliseconds(100))
    }
}
