/// What became of a form. The address names it by its code, so that nobody's text gets into a page by a link.
enum ConsoleNotice: String, Sendable, CaseIterable {
    case paused, resumed
    case notPaused = "not_paused"
    case retried, cancelled, stopping, discarded, redriven
    case redrivenInPart = "redriven_in_part"
    case quieted
    case workerStopping = "worker_stopping"
    case workerResumed = "worker_resumed"
    case rolledBack = "rolled_back"

    /// For people.
    var sentence: String {
        switch self {
        case .paused: "The queue is paused. What runs already goes on."
        case .resumed: "The queue goes on."
        case .notPaused: "The queue was not paused."
        case .retried: "The job runs again, with all its attempts."
        case .cancelled: "The job is cancelled."
        case .stopping: "The job's worker is told to stop it."
        case .discarded: "The job is given up."
        case .redriven: "The dead letters run again."
        case .redrivenInPart: "The dead letters run again, but for those that had moved on meanwhile."
        case .quieted: "The worker claims nothing more from its next heartbeat on."
        case .workerStopping: "The worker finishes what it runs and leaves."
        case .workerResumed: "The worker goes on claiming from its next heartbeat on."
        case .rolledBack: "Readers see that release from now on."
        }
    }
}
