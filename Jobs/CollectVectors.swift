public import JobQueue

/// Clears away index entries that no release needs, with their vectors.
public struct CollectVectors: JobArguments, Hashable {
    public static let definition = JobDefinition(
        kind: "collect_vectors", queue: "embed", lane: .bulk,
        retryPolicy: RetryPolicy(base: .seconds(5), cap: .seconds(300), maxAttempts: 5), timeout: .seconds(900))
    public static let dataClasses: [String: DataClass] = [:]

    public init() {}

    public var uniqueKey: String? { "collect_vectors" }
}
