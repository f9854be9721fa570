import Foundation
import JobQueue
import ServerTesting
import Testing

@Suite struct CronScheduleTests {
    private func schedule(_ text: String, _ catchUp: CatchUpPolicy, zone: String = "UTC") throws -> CronSchedule {
        CronSchedule(expression: try CronExpression(text), timeZone: try #require(CronTimeZone(zone)), catchUp: catchUp)
    }

    @Test(arguments: [CatchUpPolicy.skip, .once, .all(limit: 5)])
    func aFiringInTimeIsDueOnce(policy: CatchUpPolicy) throws {
        let schedule = try self.schedule("0 3 * * *", policy)
        let before = schedule.firings(since: instant("2026-01-01T12:00"), now: instant("2026-01-02T02:59"))
        #expect(before.due.isEmpty)
        #expect(before.next == instant("2026-01-02T03:00"))
        #expect(before.settledAt == instant("2026-01-01T12:00"))

        let now = instant("2026-01-02T03:00").addingTimeInterval(0.2)
        let onTime = schedule.firings(since: before.settledAt, now: now)
        #expect(onTime.due == [instant("2026-01-02T03:00")])
        #expect(onTime.next == instant("2026-01-03T03:00"))

        let again = schedule.firings(since: onTime.settledAt, now: now)
        #expect(again.due.isEmpty)
        #expect(again.next == instant("2026-01-03T03:00"))
    }

    @Test func missedFiringsAreDroppedJoinedOrMadeUpFor() throws {
        let since = instant("2026-01-01T03:00")
        let now = instant("2026-01-05T12:00")
        let skip = try self.schedule("0 3 * * *", .skip).firings(since: since, now: now)
        #expect(skip.due.isEmpty)
        let once = try self.schedule("0 3 * * *", .once).firings(since: since, now: now)
        #expect(once.due == [instant("2026-01-05T03:00")])
        let some = try self.schedule("0 3 * * *", .all(limit: 3)).firings(since: since, now: now)
        #expect(some.due == ["03", "04", "05"].map { instant("2026-01-\($0)T03:00") })
        let all = try self.schedule("0 3 * * *", .all(limit: 10)).firings(since: since, now: now)
        #expect(all.due == ["02", "03", "04", "05"].map { instant("2026-01-\($0)T03:00") })
        for firings in [skip, once, some, all] {
            #expect(firings.next == instant("2026-01-06T03:00"))
            #expect(firings.settledAt == instant("2026-01-05T03:00"))
        }
    }

    @Test func whatWasDroppedStaysDroppedUnderAnotherPolicy() throws {
        let now = instant("2026-01-05T12:00")
        let dropped = try self.schedule("0 3 * * *", .skip).firings(since: instant("2026-01-01T03:00"), now: now)
        let later = try self.schedule("0 3 * * *", .all(limit: 10)).firings(since: dropped.settledAt, now: now)
        #expect(later.due.isEmpty)
    }

    @Test func aFreshFiringSurvivesSkipWhileAStaleOneDoesNot() throws {
        let schedule = try self.schedule("0 3 * * *", .skip)
        let fire = instant("2026-01-02T03:00")
        let since = instant("2026-01-01T03:00")
        #expect(schedule.firings(since: since, now: fire.addingTimeInterval(60)).due == [fire])
        #expect(schedule.firings(since: since, now: fire.addingTimeInterval(61)).due.isEmpty)
        // Of several only the latest can be fresh.
        let minutely = try self.schedule("* * * * *", .skip)
        #expect(minutely.firings(since: since, now: fire.addingTimeInterval(30)).due == [fire])
    }

    @Test(arguments: [CatchUpPolicy.skip, .once, .all(limit: 7)])
    func aClockThatJumpsNeverGivesAnInstantTwice(policy: CatchUpPolicy) throws {
        var total = 0
        for seed in 0..<60 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let text = generator.pick(["* * * * *", "*/7 * * * *", "30 2 * * *", "0 */6 * * *", "15 1-3 * * *"])
            let schedule = try self.schedule(text, policy, zone: generator.pick(zones))
            var now = instant("2026-10-24T00:00")
            var settled = now
            var given: [Date] = []
            for _ in 0..<60 {
                now += Double(generator.below(generator.pick([30, 600, 40_000])))
                if generator.below(5) == 0 { now -= Double(generator.below(generator.pick([90, 4_000, 90_000]))) }
                let firings = schedule.firings(since: settled, now: now)
                #expect(firings.due.allSatisfy { $0 > settled && $0 <= now }, "seed \(seed)")
                #expect(firings.settledAt >= settled, "seed \(seed)")
                #expect(firings.next.map { $0 > firings.settledAt && $0 > now } == true, "seed \(seed)")
                given += firings.due
                settled = firings.settledAt
            }
            #expect(given == given.sorted() && Set(given).count == given.count, "seed \(seed): \(text)")
            total += given.count
        }
        #expect(total > 100)
    }

    @Test func catchingUpGivesTheLatestOfAllFiringsInBetween() throws {
        for seed in 0..<40 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let text = generator.pick(["*/10 * * * *", "5 2,3 * * *", "0 0 * * mon", "0 12 1 * *", "* 2 * * sun"])
            let name = generator.pick(zones)
            let schedule = try self.schedule(text, .all(limit: 20), zone: name)
            let since = instant("2026-03-01T00:00") + Double(generator.below(86_400 * 20))
            let now = since + Double(generator.below(86_400 * 20))
            var every: [Date] = []
            var last = since
            while let next = schedule.expression.nextFiring(after: last, in: schedule.timeZone), next <= now {
                try #require(next > last)
                every.append(next)
                last = next
            }
            #expect(schedule.firings(since: since, now: now).due == every.suffix(20), "seed \(seed): \(text) \(name)")
        }
    }

    @Test func aYearWithoutALeaderIsCaughtUpWithInBoundedWork() throws {
        let schedule = try self.schedule("* * * * *", .all(limit: CatchUpPolicy.maximumLimit), zone: "Europe/Berlin")
        let now = instant("2026-06-01T12:00")
        let elapsed = ContinuousClock().measure {
            #expect(schedule.firings(since: instant("2025-06-01T12:00"), now: now).due.count == 100)
        }
        #expect(elapsed < .seconds(1))
    }

    @Test func aScheduleThatNeverFiresGivesNothing() throws {
        let firings = try self.schedule("0 0 30 2 *", .once).firings(
            since: .distantPast, now: instant("2026-01-01T00:00"))
        #expect(firings.due.isEmpty)
        #expect(firings.next == nil)
    }
}
