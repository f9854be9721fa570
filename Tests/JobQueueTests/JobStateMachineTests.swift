import JobQueue
import ServerTesting
import Testing

@Suite struct JobStateMachineTests {
    @Test func aRunThatLostItsLeaseWritesNothing() {
        var job = JobStateMachine(delayed: false, maxAttempts: 3)
        #expect(job.claimed(token: 1) == .run(attempt: 1))
        job.workerLost()
        #expect(job.claimed(token: 2) == .run(attempt: 2))
        #expect(job.ended(token: 1, action: .succeed(result: nil)) == .discardResult)
        #expect(job.state == .running(attempt: 2, token: 2))
    }

    @Test func snoozeAndReleaseSpendNoAttempt() {
        var job = JobStateMachine(delayed: false, maxAttempts: 1)
        for token in 1...20 as ClosedRange<Int64> {
            #expect(job.claimed(token: token) == .run(attempt: 1))
            #expect(job.ended(token: token, action: token % 2 == 0 ? .release : .snooze(.seconds(1))) == .write)
            job.becameDue()
        }
        #expect(job.state == .ready(spent: 0))
    }

    @Test func aRetryAfterTheLastAttemptBuriesTheJob() {
        var job = JobStateMachine(delayed: false, maxAttempts: 2)
        _ = job.claimed(token: 1)
        _ = job.ended(token: 1, action: .retry(after: .zero))
        #expect(job.state == .ready(spent: 1))
        _ = job.claimed(token: 2)
        _ = job.ended(token: 2, action: .retry(after: .zero))
        #expect(job.state == .dead)
    }

    @Test func aJobThatOutlivesTwoWorkersIsQuarantined() {
        var job = JobStateMachine(delayed: false, maxAttempts: 10)
        _ = job.claimed(token: 1)
        job.workerLost()
        #expect(job.state == .ready(spent: 1))
        _ = job.claimed(token: 2)
        job.workerLost()
        #expect(job.state == .dead)
    }

    @Test func aWaitingJobIsCancelledAtOnceAndARunningOneIsAsked() {
        var waiting = JobStateMachine(delayed: true, maxAttempts: 1)
        #expect(waiting.cancelRequested() == .cancelled)
        #expect(waiting.claimed(token: 1) == .skip)
        var running = JobStateMachine(delayed: false, maxAttempts: 1)
        _ = running.claimed(token: 1)
        #expect(running.cancelRequested() == .askWorker)
        #expect(running.ended(token: 1, action: .cancel) == .write)
        #expect(running.cancelRequested() == .tooLate)
    }

    @Test(arguments: 0..<300 as Range<UInt64>)
    func nothingLeavesAFinalState(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var job = JobStateMachine(
            delayed: Bool.random(using: &generator), maxAttempts: .random(in: 1...4, using: &generator))
        var token: Int64 = 0
        var final: JobStateMachine.State?
        for _ in 0..<60 {
            switch Int.random(in: 0..<8, using: &generator) {
            case 0, 1:
                token += 1
                _ = job.claimed(token: token)
            case 2: job.becameDue()
            case 3: _ = job.ended(token: token, action: .retry(after: .seconds(1)))
            case 4: _ = job.ended(token: Int64.random(in: 0...token, using: &generator), action: .release)
            case 5: job.workerLost()
            case 6: _ = job.ended(token: token, action: .succeed(result: nil))
            default: if Int.random(in: 0..<10, using: &generator) == 0 { _ = job.cancelRequested() }
            }
            if let final { #expect(job.state == final, "seed \(seed)") }
            if job.state.isFinal { final = job.state }
        }
    }
}
