/// The executables of Lectern, with what differs before any work begins.
public enum ProcessRole: String, Sendable, CaseIterable {
    case api = "lectern-api"
    case syncWorker = "lectern-sync-worker"
    case embedWorker = "lectern-embed-worker"
    case personalizeWorker = "lectern-personalize-worker"
    case storage = "lectern-storage"
    case vectordal = "lectern-vectordal"
    case command = "lectern"

    /// The port a process listens on when nothing else is said: of the service itself, or of a worker's health and
    /// metrics.
    public var defaultPort: Int {
        switch self {
        case .api: 8000
        case .storage: 8001
        case .vectordal: 8002
        case .syncWorker: 9101
        case .embedWorker: 9102
        case .personalizeWorker: 9103
        case .command: 0
        }
    }

    /// The queue that a worker serves, with the number of runs it performs at once unless told otherwise.
    public var work: (queue: String, slots: Int)? {
        switch self {
        case .syncWorker: ("sync", 2)
        case .embedWorker: ("embed", 4)
        case .personalizeWorker: ("personalize", 16)
        case .api, .storage, .vectordal, .command: nil
        }
    }
}

extension ProcessRole {
    /// Queues that the worker serves beside its own, with places of their own: whatever waits there holds up nothing.
    public var sideWork: [String: Int] {
        self == .personalizeWorker ? ["webhook": 8] : [:]
    }

    /// The version all executables of one build share.
    public static let version = "0.1.0"
}
