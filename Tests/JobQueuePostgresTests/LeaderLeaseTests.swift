import Testing

@testable import JobQueuePostgres

@Suite struct LeaderLeaseTests {
    private let start = ContinuousClock.now
    private var configuration: LeaderConfiguration {
        var configuration = LeaderConfiguration()
        configuration.lease = .seconds(10)
        configuration.margin = .seconds(1)
        return configuration
    }

    @Test func aLeaseCountsFromTheQuestionAndEndsAMarginEarly() {
        let lease = LeaderLease(term: 1, askedAt: self.start, configuration: self.configuration)
        #expect(lease.isHeld(at: self.start + .milliseconds(8_999)))
        #expect(!lease.isHeld(at: self.start + .seconds(9)))
    }

    @Test func aRenewalCountsFromItsQuestionToo() {
        var lease = LeaderLease(term: 1, askedAt: self.start, configuration: self.configuration)
        lease.renewed(askedAt: self.start + .seconds(3), now: self.start + .seconds(8))
        #expect(lease.isHeld(at: self.start + .milliseconds(11_999)))
        #expect(!lease.isHeld(at: self.start + .seconds(12)))
    }

    @Test func aProcessThatStoodStillDoesNotTrustAnAnswerFromBefore() {
        var lease = LeaderLease(term: 1, askedAt: self.start, configuration: self.configuration)
        lease.renewed(askedAt: self.start + .seconds(3), now: self.start + .seconds(600))
        #expect(!lease.isHeld(at: self.start + .seconds(9)))
        #expect(!lease.isHeld(at: self.start + .seconds(600)))
    }
}
