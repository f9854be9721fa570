/// Waiting for a condition, with an end.
public enum Deadline {
    /// Asks again and again until the condition holds.
    public static func poll(
        _ what: String, within limit: Duration = .seconds(20), _ condition: () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now + limit
        while try await !condition() {
            guard ContinuousClock.now < end else {
                throw PostgresTestingError("waited \(limit) in vain for \(what)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
