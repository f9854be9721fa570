import Synchronization

/// Decides the race between handing a request in and its task being cancelled.
final class Ticket: Sendable {
    private enum State: UInt8 {
        case new, submitted, withdrawn
    }

    private let state = Atomic<UInt8>(State.new.rawValue)

    /// The request is handed in; false where it was withdrawn before.
    func submit() -> Bool {
        self.leaveNew(for: .submitted)
    }

    /// The task was cancelled; false where the request was handed in before and must be stopped at its holder.
    func withdraw() -> Bool {
        self.leaveNew(for: .withdrawn)
    }

    private func leaveNew(for state: State) -> Bool {
        self.state.compareExchange(
            expected: State.new.rawValue, desired: state.rawValue, ordering: .acquiringAndReleasing
        ).exchanged
    }
}
