/// How a handler tells the queue what its failure means. Every other error is retried by the kind's policy.
public struct JobError: Error, Sendable, CustomStringConvertible {
    public enum Disposition: Hashable, Sendable {
        /// Trying again cannot help: the job becomes a dead letter at once.
        case permanent
        /// Try again by the kind's policy, or after the given time where the other side named one.
        case retry(after: Duration?)
        /// Not now: run again after the given time. The attempt does not count.
        case snooze(Duration)
    }

    public var disposition: Disposition
    /// A machine word for what went wrong: `storage_unreachable`.
    public var code: String
    /// A sentence for people.
    public var message: String

    public init(disposition: Disposition, code: String, message: String) {
        self.disposition = disposition
        self.code = code
        self.message = message
    }

    public static func permanent(_ code: String, _ message: String) -> JobError {
        JobError(disposition: .permanent, code: code, message: message)
    }

    public static func retry(_ code: String, _ message: String, after: Duration? = nil) -> JobError {
        JobError(disposition: .retry(after: after), code: code, message: message)
    }

    public static func snooze(_ code: String, _ message: String, for delay: Duration) -> JobError {
        JobError(disposition: .snooze(delay), code: code, message: message)
    }

    public var description: String { "\(self.code): \(self.message)" }
}
