import Testing

@testable import JobQueue

@Suite struct ClaimDoubtTests {
    private let start = ContinuousClock.now
    private let worker = WorkerID(rawValue: 7)

    private func jobs(_ token: Int64, count: Int = 1) -> [ClaimedJob] {
        (0..<count).map { number in
            ClaimedJob(
                lease: JobLease(jobID: JobID(rawValue: token * 100 + Int64(number)), token: token), kind: "k",
                queue: "q", arguments: "{}", attempt: 1, maxAttempts: 1, timeout: .seconds(1), uniqueKey: nil,
                trace: nil, waited: .zero, lane: .standard, tag: 0, isPlain: true)
        }
    }

    private func question(_ doubt: ClaimDoubt, after: Duration = .zero) -> UnheardClaims? {
        doubt.question(queue: "q", worker: self.worker, now: self.start + after)
    }

    @Test func whoeverLostNoAnswerAsksNothing() {
        var doubt = ClaimDoubt()
        doubt.heard(self.jobs(3))
        #expect(self.question(doubt) == nil)
    }

    @Test func theQuestionNamesEverythingAboveTheLastTokenThatWasHeard() {
        var doubt = ClaimDoubt()
        doubt.heard(self.jobs(3) + self.jobs(5, count: 2))
        doubt.lost(worker: self.worker, now: self.start)
        #expect(self.question(doubt) == UnheardClaims(queue: "q", worker: self.worker, after: 5, heard: []))
    }

    @Test func whatIsHeardAfterTheLossIsNotAskedFor() {
        var doubt = ClaimDoubt()
        doubt.heard(self.jobs(3))
        doubt.lost(worker: self.worker, now: self.start)
        doubt.heard(self.jobs(9))
        doubt.heard(self.jobs(6))
        doubt.lost(worker: self.worker, now: self.start)
        #expect(self.question(doubt)?.after == 3)
        #expect(self.question(doubt)?.heard == [6, 9])
    }

    @Test func theQuestionIsAskedAgainWhileALostClaimMayStillBeUnderWay() {
        var doubt = ClaimDoubt()
        doubt.lost(worker: self.worker, now: self.start)
        doubt.answered(now: self.start)
        #expect(self.question(doubt) == nil)
        #expect(self.question(doubt, after: ClaimDoubt.pause) != nil)
        doubt.answered(now: self.start + ClaimDoubt.span - .milliseconds(1))
        #expect(self.question(doubt, after: ClaimDoubt.span + ClaimDoubt.pause) != nil)
        doubt.answered(now: self.start + ClaimDoubt.span + ClaimDoubt.pause)
        #expect(self.question(doubt, after: .seconds(3600)) == nil)
    }

    @Test func aWorkerThatRegisteredAgainHoldsNothingOfTheOldOne() {
        var doubt = ClaimDoubt()
        doubt.lost(worker: WorkerID(rawValue: 6), now: self.start)
        #expect(self.question(doubt) == nil)
        doubt.heard(self.jobs(4))
        doubt.lost(worker: self.worker, now: self.start)
        #expect(self.question(doubt)?.after == 4)
    }
}
