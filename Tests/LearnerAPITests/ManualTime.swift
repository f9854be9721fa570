import Synchronization

@testable import LearnerAPI

/// Time that passes when somebody pauses, and only then.
final class ManualTime: Sendable {
    private let elapsed = Mutex(Duration.zero)
    /// Every pause that was asked for.
    let pauses = Mutex<[Duration]>([])

    var now: Duration { self.elapsed.withLock { $0 } }

    func pass(_ time: Duration) {
        self.elapsed.withLock { $0 += time }
    }

    var keeper: Timekeeper {
        Timekeeper(
            now: { self.now },
            pause: { time in
                try Task.checkCancellation()
                self.pauses.withLock { $0.append(time) }
                self.pass(time)
                await Task.yield()
            })
    }
}
