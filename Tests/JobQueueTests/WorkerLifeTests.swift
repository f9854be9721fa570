import Testing

@testable import JobQueue

@Suite struct WorkerLifeTests {
    private let start = ContinuousClock().now

    private func life() -> WorkerLife {
        WorkerLife(now: self.start, isolationLimit: .seconds(60), probation: .seconds(12), trial: .seconds(6))
    }

    @Test func aWorkerThatJustStartedJudgesNobodyUntilOthersHadTimeToBeHeard() {
        let life = self.life()
        #expect(!life.mayRescue(now: self.start + .seconds(5)))
        #expect(life.mayRescue(now: self.start + .seconds(6)))
    }

    @Test func afterAnOutageOthersGetTimeToReturn() {
        var life = self.life()
        #expect(life.heartbeatFailed(now: self.start + .seconds(30)) == .nothing)
        #expect(life.heartbeatSucceeded(isKnown: true, now: self.start + .seconds(33)) == .nothing)
        #expect(!life.mayRescue(now: self.start + .seconds(34)))
        #expect(life.mayRescue(now: self.start + .seconds(42)))
    }

    @Test func runsAreStoppedOnceWhenNobodyWasReachedForTooLong() {
        var life = self.life()
        #expect(life.heartbeatFailed(now: self.start + .seconds(59)) == .nothing)
        #expect(life.heartbeatFailed(now: self.start + .seconds(60)) == .cancelRuns)
        #expect(life.heartbeatFailed(now: self.start + .seconds(63)) == .nothing)
    }

    @Test func aWorkerThatWasGivenUpStartsOver() {
        var life = self.life()
        #expect(life.heartbeatSucceeded(isKnown: false, now: self.start + .seconds(3)) == .startOver)
    }
}
