public import JobQueue

/// Clears away old releases, and the texts and uploads that nothing refers to any more.
public struct CollectContent: JobArguments, Hashable {
    public static let definition = JobDefinition(
        kind: "collect_content", queue: "sync", lane: .bulk,
        retryPolicy: RetryPolicy(base: .seconds(5), cap: .seconds(300), maxAttempts: 5), timeout: .seconds(900))
    public static let dataClasses: [String: DataClass] = [:]

    public init() {}

    public var uniqueKey: String? { "collect_content" }
}
