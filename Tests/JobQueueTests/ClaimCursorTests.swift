import Testing

@testable import JobQueue

@Suite struct ClaimCursorTests {
    private let start = ContinuousClock().now

    private func jobs(_ tags: [(Lane, Int64)]) -> [ClaimedJob] {
        tags.map { lane, tag in
            ClaimedJob(
                lease: JobLease(jobID: JobID(rawValue: tag), token: 1), kind: "k", queue: "q", arguments: "{}",
                attempt: 1, maxAttempts: 3, timeout: .seconds(10), lane: lane, tag: tag)
        }
    }

    /// A cursor whose first claim was a full one.
    private func cursor(after tags: [(Lane, Int64)]) -> ClaimCursor {
        var cursor = ClaimCursor(now: self.start)
        let plan = cursor.next(limit: tags.count, now: self.start)
        _ = cursor.claimed(self.jobs(tags), plan: plan, limit: tags.count, took: .zero, now: self.start)
        return cursor
    }

    @Test func theFirstClaimLooksAtEverything() {
        var cursor = ClaimCursor(now: self.start)
        #expect(!cursor.next(limit: 10, now: self.start).isHinted)
    }

    @Test func aFullClaimMarksTheLowestTagOfEachLaneItServed() {
        var cursor = self.cursor(after: [(.interactive, 9), (.interactive, 7), (.bulk, 40), (.bulk, 50)])
        let plan = cursor.next(limit: 4, now: self.start)
        #expect(plan.hints == [7, .min, 40])
        // A lane that was not reached keeps its mark.
        let next = self.jobs([(.interactive, 9), (.interactive, 10), (.interactive, 11), (.interactive, 12)])
        let looksAgain = cursor.claimed(next, plan: plan, limit: 4, took: .zero, now: self.start)
        #expect(!looksAgain)
        #expect(cursor.next(limit: 4, now: self.start).hints == [9, .min, 40])
    }

    @Test func aShortClaimThatMayHaveMissedRowsIsFollowedByALookAtEverything() {
        var cursor = self.cursor(after: [(.standard, 5), (.standard, 6)])
        let hinted = cursor.next(limit: 2, now: self.start)
        #expect(hinted.isHinted)
        let isFollowed = cursor.claimed(
            self.jobs([(.standard, 8)]), plan: hinted, limit: 2, took: .zero, now: self.start)
        #expect(isFollowed)
        let full = cursor.next(limit: 2, now: self.start)
        #expect(!full.isHinted)
        // That one saw everything, so a short answer means that there is no more.
        let isFollowedAgain = cursor.claimed([], plan: full, limit: 2, took: .zero, now: self.start)
        #expect(!isFollowedAgain)
    }

    @Test func rowsBelowTheMarkWaitASecondAtMost() {
        var cursor = self.cursor(after: [(.standard, 5), (.standard, 6)])
        #expect(cursor.next(limit: 2, now: self.start + .milliseconds(999)).isHinted)
        #expect(!cursor.next(limit: 2, now: self.start + .seconds(1)).isHinted)
    }

    @Test func aLookAtEverythingTakesAFiftiethOfTheTimeAtMost() {
        var cursor = ClaimCursor(now: self.start)
        let plan = cursor.next(limit: 1, now: self.start)
        _ = cursor.claimed(
            self.jobs([(.standard, 5)]), plan: plan, limit: 1, took: .milliseconds(100), now: self.start)
        #expect(cursor.next(limit: 1, now: self.start + .milliseconds(4_999)).isHinted)
        #expect(!cursor.next(limit: 1, now: self.start + .seconds(5)).isHinted)
    }

    @Test(arguments: [1, 3, 8, 50])
    func lowerLanesMayHaveOneInEightOfWhatIsClaimed(limit: Int) {
        var cursor = ClaimCursor(now: self.start)
        var aged = 0
        for _ in 0..<80 {
            let plan = cursor.next(limit: limit, now: self.start)
            #expect(plan.aged <= limit)
            aged += plan.aged
        }
        #expect(aged == 80 * limit / ClaimCursor.agedShare)
    }
}
