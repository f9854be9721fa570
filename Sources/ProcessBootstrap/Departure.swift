public import ServiceLifecycle
import Synchronization

/// The time between the wish to end and the end of a process that others send requests to: it answers as before, says that
/// it is not ready, and asks for no further requests on its connections, so that whoever distributes requests can turn
/// away from it before it stops listening.
///
/// Goes last into the group of services, which begins its shutdown with the last one.
public final class Departure: Service {
    private let delay: Duration
    private let hasBegun = Atomic(false)

    public init(delay: Duration) {
        self.delay = delay
    }

    /// True from the signal on.
    public var isLeaving: Bool { self.hasBegun.load(ordering: .acquiring) }

    /// Returns so long after the shutdown began, or when the task is cancelled.
    public func run() async throws {
        // Cancelled while it waits: the process is torn down at once, and there is nobody to wait for.
        try? await gracefulShutdown()
        self.hasBegun.store(true, ordering: .releasing)
        try? await Task.sleep(for: self.delay)
    }
}
