/// How urgent a job is within its queue. All of a more urgent lane is claimed before anything of the next.
public enum Lane: Int16, Sendable, Codable, CaseIterable, Comparable {
    /// A person or an API client waits for it.
    case interactive = 0
    /// The ordinary work of a pipeline.
    case standard = 10
    /// Refreshes and prewarming, done when nothing else waits.
    case bulk = 20

    public static func < (lhs: Lane, rhs: Lane) -> Bool { lhs.rawValue < rhs.rawValue }
}
