public import JobQueue

/// Takes a resync to its next step when all jobs of the present one have ended: indexing, publishing, or its failure.
public struct AdvanceResync: JobArguments, Hashable {
    public static let definition = JobDefinition(
        kind: "advance_resync", queue: "sync", lane: .interactive,
        retryPolicy: RetryPolicy(base: .milliseconds(200), cap: .seconds(10), maxAttempts: 12), timeout: .seconds(120))
    public static let dataClasses: [String: DataClass] = ["resync": .open, "step": .open]

    /// The resync's number.
    public var resync: Int64
    /// The step that is over.
    public var step: String

    public init(resync: Int64, step: String) {
        self.resync = resync
        self.step = step
    }

    public var uniqueKey: String? { "advance_resync:\(self.resync):\(self.step)" }
}
