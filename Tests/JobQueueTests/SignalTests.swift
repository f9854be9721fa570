import Testing

@testable import JobQueue

@Suite struct SignalTests {
    @Test func aFlagRaisedBeforeTheWaitEndsIt() async {
        let signal = Signal()
        signal.raise()
        signal.raise()
        await signal.wait()
    }

    @Test func cancellationEndsTheWait() async {
        let signal = Signal()
        let task = Task { await signal.wait() }
        task.cancel()
        await task.value
    }

    @Test func everyRaiseIsSeenByTheWaiter() async {
        let (ping, pong) = (Signal(), Signal())
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for _ in 0..<2_000 {
                    await ping.wait()
                    pong.raise()
                }
            }
            for _ in 0..<2_000 {
                ping.raise()
                await pong.wait()
            }
        }
    }

    @Test func aWaitEndsWithItsTime() async {
        await Signal().wait(atMost: .milliseconds(5), clock: ContinuousClock())
    }
}
