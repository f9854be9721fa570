import ServerTesting
import Testing

@testable import JobQueue

/// One process of the simulated fleet.
private struct Member {
    var ledger: SliceLedger
    var tickets: [Int] = []
    var endsAt: [ContinuousClock.Instant] = []
    var answer: (reply: LimiterReply?, askedAt: ContinuousClock.Instant, at: ContinuousClock.Instant)?
}

@Suite struct SliceLedgerTests {
    typealias Instant = ContinuousClock.Instant
    private let start = ContinuousClock().now

    /// Runs four processes for twenty seconds of made-up time, with slow and lost answers. Returns when calls went.
    private func simulate(seed: UInt64, losses: Bool, check: (Int, FleetModel) -> Void) -> [Duration] {
        var generator = SeededGenerator(seed: seed)
        var fleet = FleetModel(ratePerSecond: 10, burst: 5, most: 3, now: self.start)
        var members = (0..<4).map { _ in Member(ledger: SliceLedger(now: self.start)) }
        var goes: [Duration] = []
        for tick in 0..<2_000 {
            let now = self.start + .milliseconds(10 * tick)
            for index in members.indices {
                self.receive(&members[index], now: now)
                let ended = members[index].endsAt.count { $0 <= now }
                members[index].endsAt.removeAll { $0 <= now }
                for _ in 0..<ended { members[index].ledger.ended(now: now) }
                if generator.below(8) == 0 {
                    let patience = Duration.milliseconds(generator.below(3_000))
                    members[index].tickets.append(
                        members[index].ledger.arrived(tokens: 0, deadline: now + patience))
                }
                func ask(_ request: LimiterRequest) {
                    let reply = fleet.sync(index, request, now: now)
                    let isLost = losses && generator.below(20) == 0
                    let delay = Duration.milliseconds(generator.below(120))
                    members[index].answer = (isLost ? nil : reply, now, now + delay)
                }
                looking: while let ticket = members[index].tickets.first {
                    switch members[index].ledger.look(ticket, now: now) {
                    case .go:
                        goes.append(self.start.duration(to: now))
                        members[index].tickets.removeFirst()
                        members[index].endsAt.append(now + .milliseconds(10 + generator.below(600)))
                    case .refuse:
                        members[index].ledger.left(ticket)
                        members[index].tickets.removeFirst()
                    case .sync(let request):
                        ask(request)
                        break looking
                    case .wait:
                        break looking
                    }
                }
                if tick % 25 == 0, let request = members[index].ledger.upkeep(now: now) { ask(request) }
            }
            check(members.reduce(0) { $0 + $1.endsAt.count }, fleet)
        }
        return goes
    }

    private func receive(_ member: inout Member, now: Instant) {
        guard let answer = member.answer, answer.at <= now else { return }
        member.answer = nil
        if let reply = answer.reply {
            member.ledger.synced(reply, askedAt: answer.askedAt, now: now)
        } else {
            member.ledger.syncFailed(isAbandoned: false, now: now)
        }
    }

    @Test(arguments: 0..<150 as Range<UInt64>)
    func theFleetNeverExceedsItsLimitsByMoreThanASliceEach(seed: UInt64) {
        var most = 0
        let goes = self.simulate(seed: seed, losses: seed % 2 == 1) { running, _ in most = max(most, running) }
        #expect(most <= 3, "seed \(seed)")
        var excess = -Double.infinity
        for (first, from) in goes.enumerated() {
            // Nothing was held at the start, so that a stretch from there has no slices on top.
            let slack = from == goes[0] ? 0.0 : 4 * 10
            for last in first..<goes.count {
                let count = Double(last - first + 1)
                let seconds = (goes[last] - from) / .seconds(1)
                // The clock of the fleet ran since before the first call.
                let allowed = 5 + 10 * (seconds + (from == goes[0] ? goes[0] / .seconds(1) : 0)) + slack
                excess = max(excess, count - allowed)
            }
        }
        #expect(excess < 0.001, "seed \(seed)")
    }

    @Test(arguments: 0..<30 as Range<UInt64>)
    func theFleetUsesWhatItMay(seed: UInt64) {
        var heldUnused = 0
        let goes = self.simulate(seed: seed, losses: false) { running, fleet in
            heldUnused = max(heldUnused, fleet.permits.values.reduce(0) { $0 + $1.held } - running)
        }
        // Calls take 0.3 s on average and three may run: about 200 in all. Handing permits on costs up to half of that.
        #expect(goes.count > 80, "seed \(seed)")
        #expect(heldUnused <= 3, "seed \(seed)")
    }

    @Test func aProcessThatIsBusyAllTheTimeLeavesTheOnlyPermitToAnother() {
        var fleet = FleetModel(ratePerSecond: 1_000, burst: 1_000, most: 1, now: self.start)
        var ledgers = [SliceLedger(now: self.start), SliceLedger(now: self.start)]
        var tickets: [[Int]] = [[], []]
        var endsAt: [Instant?] = [nil, nil]
        var counts = [0, 0]
        for tick in 0..<3_000 {
            let now = self.start + .milliseconds(10 * tick)
            for index in ledgers.indices {
                if let end = endsAt[index], end <= now {
                    endsAt[index] = nil
                    ledgers[index].ended(now: now)
                }
                // Two always want to call.
                while tickets[index].count < 2 {
                    tickets[index].append(ledgers[index].arrived(tokens: 0, deadline: now + .seconds(3_600)))
                }
                looking: while true {
                    switch ledgers[index].look(tickets[index][0], now: now) {
                    case .go:
                        tickets[index].removeFirst()
                        endsAt[index] = now + .milliseconds(20)
                        counts[index] += 1
                        break looking
                    case .sync(let request):
                        ledgers[index].synced(fleet.sync(index, request, now: now), askedAt: now, now: now)
                    case .wait, .refuse:
                        break looking
                    }
                }
                if tick % 25 == 0, let request = ledgers[index].upkeep(now: now) {
                    ledgers[index].synced(fleet.sync(index, request, now: now), askedAt: now, now: now)
                }
            }
            #expect(endsAt.count { $0 != nil } <= 1)
        }
        #expect(counts.min() ?? 0 > 200, "\(counts)")
    }

    @Test func callsGoInTheOrderTheyCame() {
        var ledger = SliceLedger(now: self.start)
        let deadline = self.start + .seconds(10)
        let large = ledger.arrived(tokens: 900, deadline: deadline)
        let small = ledger.arrived(tokens: 1, deadline: deadline)
        guard case .sync(let request) = ledger.look(large, now: self.start) else {
            Issue.record("the first call did not ask")
            return
        }
        #expect(request.tokens == .init(need: 900, want: 901))
        #expect(ledger.look(small, now: self.start) == .wait(.seconds(10)))
        ledger.synced(LimiterReply(slices: [.tokens: 0], wait: .seconds(2)), askedAt: self.start, now: self.start)
        #expect(ledger.look(small, now: self.start) == .wait(.seconds(10)))
        #expect(ledger.look(large, now: self.start) == .wait(.seconds(2)))
    }

    @Test func whatIsNotSpentAndWhatWasSpentBeyondGoBackWithTheNextQuestion() {
        var ledger = SliceLedger(now: self.start)
        let first = ledger.arrived(tokens: 100, deadline: self.start)
        _ = ledger.look(first, now: self.start)
        ledger.synced(LimiterReply(slices: [.tokens: 300]), askedAt: self.start, now: self.start)
        #expect(ledger.look(first, now: self.start) == .go)
        ledger.settled(estimate: 100, actual: 150)
        #expect(ledger.upkeep(now: self.start + .milliseconds(500)) == nil)
        // 200 were left of the slice, and the call took 50 more than foreseen.
        #expect(ledger.upkeep(now: self.start + .milliseconds(1_500))?.tokens == .init(owed: -150))
    }

    @Test func aRefusalOfTheProviderStopsEverythingThatWasGiven() {
        var ledger = SliceLedger(now: self.start)
        let first = ledger.arrived(tokens: 0, deadline: self.start + .seconds(60))
        _ = ledger.look(first, now: self.start)
        ledger.synced(LimiterReply(slices: [.requests: 10]), askedAt: self.start, now: self.start)
        #expect(ledger.look(first, now: self.start) == .go)
        ledger.penalized(for: .seconds(7), now: self.start)
        let patient = ledger.arrived(tokens: 0, deadline: self.start + .seconds(60))
        #expect(ledger.look(patient, now: self.start) == .wait(.seconds(7)))
        ledger.left(patient)
        let hurried = ledger.arrived(tokens: 0, deadline: self.start + .seconds(1))
        #expect(ledger.look(hurried, now: self.start) == .refuse(.limited(for: .seconds(7))))
        // Nothing of the old slice is left afterwards.
        guard case .sync = ledger.look(hurried, now: self.start + .seconds(7)) else {
            Issue.record("a call went with a slice from before the refusal")
            return
        }
    }

    @Test func permitsThatWereNotRenewedLetNobodyGo() {
        var ledger = SliceLedger(now: self.start)
        let first = ledger.arrived(tokens: 0, deadline: self.start)
        _ = ledger.look(first, now: self.start)
        ledger.synced(LimiterReply(permits: 5), askedAt: self.start, now: self.start)
        #expect(ledger.look(first, now: self.start) == .go)
        let late = ledger.arrived(tokens: 0, deadline: self.start + .seconds(60))
        guard case .sync = ledger.look(late, now: self.start + .seconds(10)) else {
            Issue.record("a permit was trusted that the fleet may have given to another")
            return
        }
    }
}
