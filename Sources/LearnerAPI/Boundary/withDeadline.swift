import Hummingbird

/// Runs `body`, cancels it when `limit` has passed, and then throws a ``Problem`` that says so.
func withDeadline<Value: Sendable>(
    _ limit: Duration, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            throw Problem(.requestTimedOut, "The request took more than \(limit.components.seconds) s.", retryAfter: 2)
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() else { throw CancellationError() }
        return value
    }
}
