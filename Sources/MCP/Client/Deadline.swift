/// Runs `operation` for at most `timeout`; after that it is cancelled and `expired` gives the error.
///
/// Returns only when the operation has really stopped.
func withDeadline<T: Sendable>(
    _ timeout: Duration, _ time: MCPTime, expired: @escaping @Sendable () -> MCPError,
    _ operation: @escaping @Sendable () async throws -> T
) async throws -> T {
    try await withThrowingTaskGroup(of: T?.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await time.sleep(timeout)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let value = first else {
            try Task.checkCancellation()
            throw expired()
        }
        return value
    }
}
