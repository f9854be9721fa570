import JobQueue

/// A queue's wish as programs read it. Its members are those of `GET /api/ops/v1/autoscale`, in snake case there.
public struct QueueScaleReport: Hashable, Sendable, Encodable {
    public var desired: Int
    public var queued: Int
    public var running: Int
    public var oldestAgeS: Int64
    public var capacityPerReplica: Int
    public var meanRunMs: Int64
    public var targetWaitS: Int64
    public var minReplicas: Int
    public var maxReplicas: Int

    enum CodingKeys: String, CodingKey {
        case desired, queued, running
        case oldestAgeS = "oldest_age_s"
        case capacityPerReplica = "capacity_per_replica"
        case meanRunMs = "mean_run_ms"
        case targetWaitS = "target_wait_s"
        case minReplicas = "min_replicas"
        case maxReplicas = "max_replicas"
    }

    /// In whole seconds and milliseconds.
    public init(_ scale: QueueScale) {
        self.desired = scale.desired
        self.queued = scale.load.due
        self.running = scale.load.running
        self.oldestAgeS = scale.oldestAge.components.seconds
        self.capacityPerReplica = scale.load.perReplica
        self.meanRunMs = Int64((scale.load.meanRun / .milliseconds(1)).rounded())
        self.targetWaitS = scale.rule.targetWait.components.seconds
        self.minReplicas = scale.rule.replicas.lowerBound
        self.maxReplicas = scale.rule.replicas.upperBound
    }

    /// By the queue's name.
    public static func byQueue(_ scales: [QueueScale]) -> [String: QueueScaleReport] {
        scales.reduce(into: [:]) { $0[$1.queue] = QueueScaleReport($1) }
    }
}
