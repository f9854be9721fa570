/// What becomes of the firings that nobody was there for.
public enum CatchUpPolicy: Hashable, Sendable, CustomStringConvertible {
    /// They are dropped: only a firing that is still fresh counts.
    case skip
    /// One firing, the latest, stands for all that were missed.
    case once
    /// Each missed firing is made up for, the latest `limit` of them.
    case all(limit: Int)

    /// The most firings that may be made up for at once.
    public static let maximumLimit = 100

    public var description: String {
        switch self {
        case .skip: "skip"
        case .once: "once"
        case .all(let limit): "all(\(limit))"
        }
    }
}
