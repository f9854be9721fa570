public import JobQueue

/// Clears away personalized texts that nobody can reach or has used for long, and the traces of jobs that are over.
public struct CollectCache: JobArguments, Hashable {
    public static let definition = JobDefinition(
        kind: "collect_cache", queue: "personalize", lane: .bulk,
        retryPolicy: RetryPolicy(base: .seconds(5), cap: .seconds(300), maxAttempts: 5), timeout: .seconds(900))
    public static let dataClasses: [String: DataClass] = [:]

    public init() {}

    public var uniqueKey: String? { "collect_cache" }
}
