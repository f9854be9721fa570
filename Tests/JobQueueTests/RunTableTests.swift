import Synchronization
import Testing

@testable import JobQueue

@Suite struct RunTableTests {
    private let start = ContinuousClock().now

    private func job(_ id: Int64) -> ClaimedJob {
        ClaimedJob(
            lease: JobLease(jobID: JobID(rawValue: id), token: id), kind: "k", queue: "q", arguments: "{}", attempt: 1,
            maxAttempts: 3, timeout: .seconds(10), uniqueKey: nil, trace: nil, waited: .zero)
    }

    @Test func aRunIsStoppedOnceAndKeepsItsFirstReason() {
        let table = RunTable()
        let stops = Mutex(0)
        table.add(self.job(1), startedAt: self.start, deadline: self.start + .seconds(10)) {
            stops.withLock { $0 += 1 }
        }
        table.stop(jobs: [JobID(rawValue: 1)])
        table.stopAll(reason: .draining)
        #expect(stops.withLock { $0 } == 1)
        #expect(table.remove(self.job(1).lease).reason == .requested)
        #expect(table.count == 0)
    }

    @Test func aHandlerThatIgnoresItsDeadlineIsReportedOnce() {
        let table = RunTable()
        table.add(self.job(1), startedAt: self.start, deadline: self.start + .seconds(10)) {}
        #expect(table.sweep(now: self.start + .seconds(9), grace: .seconds(5)).isEmpty)
        #expect(table.sweep(now: self.start + .seconds(11), grace: .seconds(5)).isEmpty)
        #expect(table.sweep(now: self.start + .seconds(15), grace: .seconds(5)).count == 1)
        #expect(table.sweep(now: self.start + .seconds(30), grace: .seconds(5)).isEmpty)
        let (reason, isAbandoned) = table.remove(self.job(1).lease)
        #expect(reason == .timedOut)
        #expect(isAbandoned)
    }
}
