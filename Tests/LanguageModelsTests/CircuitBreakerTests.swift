import LanguageModels
import ServerTesting
import Testing

@Suite struct CircuitBreakerTests {
    private let start = ContinuousClock.now
    private static let failure = CircuitBreaker.Outcome.failed(retryAfter: nil)

    /// Sends a request that ends at once; answers whether it was let through.
    private func send(
        _ breaker: inout CircuitBreaker, _ outcome: CircuitBreaker.Outcome, at seconds: Double
    ) -> Bool {
        let now = self.start + .seconds(seconds)
        guard case .pass(let pass) = breaker.admit(at: now) else { return false }
        breaker.ended(pass, outcome, at: now)
        return true
    }

    private func opened(by outcome: CircuitBreaker.Outcome, times: Int) -> CircuitBreaker.State {
        var breaker = CircuitBreaker()
        for _ in 0..<times { _ = self.send(&breaker, outcome, at: 0) }
        return breaker.state
    }

    @Test func fiveFailuresInARowOpenItForFiveSeconds() {
        #expect(self.opened(by: Self.failure, times: 4) == .closed)
        #expect(self.opened(by: Self.failure, times: 5) == .open(until: self.start + .seconds(5)))
    }

    @Test func anAnswerBeginsTheCountAnew() {
        var breaker = CircuitBreaker()
        for outcome in [Self.failure, Self.failure, .answered, Self.failure, Self.failure, Self.failure, Self.failure] {
            #expect(self.send(&breaker, outcome, at: 0))
        }
        #expect(breaker.state == .closed)
    }

    @Test func halfOfTheOutcomesWithinAMinuteOpenIt() {
        var breaker = CircuitBreaker()
        for second in 0..<9 {
            #expect(self.send(&breaker, second.isMultiple(of: 2) ? .answered : Self.failure, at: Double(second)))
        }
        #expect(breaker.state == .closed)
        #expect(self.send(&breaker, Self.failure, at: 9))
        #expect(breaker.state == .open(until: self.start + .seconds(14)))
    }

    @Test func whatIsOlderThanAMinuteCountsNoMore() {
        var breaker = CircuitBreaker()
        for second in 0..<8 {
            _ = self.send(&breaker, second.isMultiple(of: 2) ? .answered : Self.failure, at: Double(second))
        }
        for second in 0..<8 { _ = self.send(&breaker, .answered, at: 70 + Double(second)) }
        _ = self.send(&breaker, Self.failure, at: 79)
        #expect(breaker.state == .closed)
    }

    @Test func whileItIsOpenNothingPassesAndThenOneProbe() {
        var breaker = CircuitBreaker()
        for _ in 0..<5 { _ = self.send(&breaker, Self.failure, at: 0) }
        #expect(breaker.admit(at: self.start + .seconds(3)) == .refused(retryAfter: .seconds(2)))
        guard case .pass(let probe) = breaker.admit(at: self.start + .seconds(5)) else {
            Issue.record("no probe was let through")
            return
        }
        #expect(probe.isProbe)
        #expect(breaker.admit(at: self.start + .seconds(6)) == .refused(retryAfter: .seconds(5)))
        breaker.ended(probe, .answered, at: self.start + .seconds(7))
        #expect(breaker.state == .closed)
    }

    @Test func everyFailedProbeDoublesThePauseUpToFiveMinutes() {
        var breaker = CircuitBreaker()
        for _ in 0..<5 { _ = self.send(&breaker, Self.failure, at: 0) }
        var pauses: [Duration] = []
        for _ in 0..<8 {
            guard case .open(let until) = breaker.state, case .pass(let probe) = breaker.admit(at: until) else { break }
            breaker.ended(probe, Self.failure, at: until)
            if case .open(let next) = breaker.state { pauses.append(until.duration(to: next)) }
        }
        #expect(pauses == [10, 20, 40, 80, 160, 300, 300, 300].map { .seconds($0) })
    }

    @Test func aProbeThatWasGivenUpLeavesItsPlaceToTheNext() {
        var breaker = CircuitBreaker()
        for _ in 0..<5 { _ = self.send(&breaker, Self.failure, at: 0) }
        #expect(self.send(&breaker, .abandoned, at: 5))
        #expect(self.send(&breaker, .answered, at: 5))
        #expect(breaker.state == .closed)
    }

    @Test(arguments: [
        (CircuitBreaker.Outcome.denied(retryAfter: nil), 60.0), (.denied(retryAfter: .seconds(90)), 90),
        (.limited(retryAfter: .seconds(31)), 31),
    ])
    func oneDenialOrALongPauseOpensItAtOnce(outcome: CircuitBreaker.Outcome, seconds: Double) {
        #expect(self.opened(by: outcome, times: 1) == .open(until: self.start + .seconds(seconds)))
    }

    @Test func refusalsForPaceAloneDoNotOpenIt() {
        #expect(self.opened(by: .limited(retryAfter: .seconds(30)), times: 50) == .closed)
        #expect(self.opened(by: .limited(retryAfter: nil), times: 50) == .closed)
    }

    @Test func aLongerRetryAfterStandsAboveThePause() {
        var breaker = CircuitBreaker()
        for _ in 0..<4 { _ = self.send(&breaker, Self.failure, at: 0) }
        #expect(self.send(&breaker, .failed(retryAfter: .seconds(20)), at: 0))
        #expect(breaker.state == .open(until: self.start + .seconds(20)))
    }

    @Test func whatBeganBeforeItOpenedHasNoSayAfterwards() {
        var breaker = CircuitBreaker()
        guard case .pass(let early) = breaker.admit(at: self.start) else { return }
        for _ in 0..<5 { _ = self.send(&breaker, Self.failure, at: 0) }
        let state = breaker.state
        breaker.ended(early, .answered, at: self.start + .seconds(1))
        #expect(breaker.state == state)
    }

    /// Requests overlap, end in any order and with any outcome, while time goes on in uneven steps.
    @Test(arguments: 0..<40)
    func atAnyTimeTheRulesHold(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var breaker = CircuitBreaker()
        var now = self.start
        var running: [CircuitBreaker.Pass] = []
        var probes = 0
        for _ in 0..<3_000 {
            now += .milliseconds(generator.below(900))
            let before = breaker.state
            if generator.below(2) == 0 {
                switch (before, breaker.admit(at: now)) {
                case (.closed, .pass(let pass)):
                    #expect(!pass.isProbe)
                    running.append(pass)
                case (.open(let until), .pass(let pass)):
                    #expect(pass.isProbe && now >= until && breaker.state == .halfOpen)
                    running.append(pass)
                    probes += 1
                case (.open(let until), .refused(let wait)):
                    #expect(now < until && now + wait == until && wait <= .seconds(300))
                case (.halfOpen, .refused): break
                case (let state, let verdict): Issue.record("\(state) answered \(verdict)")
                }
            } else if !running.isEmpty {
                let pass = running.remove(at: generator.below(running.count))
                let outcomes: [CircuitBreaker.Outcome] = [
                    .answered, .answered, .answered, Self.failure, Self.failure, .failed(retryAfter: .seconds(7)),
                    .limited(retryAfter: .seconds(3)), .limited(retryAfter: .seconds(40)), .abandoned,
                    .denied(retryAfter: nil),
                ]
                breaker.ended(pass, generator.pick(outcomes), at: now)
                // Only the probe ends the wait for it.
                if before == .halfOpen { #expect(pass.isProbe || breaker.state == .halfOpen) }
                if case .open = before { #expect(breaker.state == before) }
            }
        }
        #expect(probes > 10)
    }

    @Test(arguments: [
        (LanguageModelError.Code.unauthorized, Int?.none, true, CircuitBreaker.Outcome.denied(retryAfter: nil)),
        (.rejected, 404, false, .denied(retryAfter: nil)), (.rejected, 400, false, .failed(retryAfter: nil)),
        (.rateLimited(retryAfter: nil), 429, false, .denied(retryAfter: nil)),
        (.rateLimited(retryAfter: .seconds(2)), 429, true, .limited(retryAfter: .seconds(2))),
        (.serverError, 500, true, .failed(retryAfter: nil)), (.unreachable, nil, true, .failed(retryAfter: nil)),
        (.truncated, nil, true, .failed(retryAfter: nil)), (.truncated, nil, false, .answered),
        (.refused, nil, false, .answered), (.cancelled, nil, false, .abandoned),
    ])
    func errorsTellOfTheProvider(
        code: LanguageModelError.Code, status: Int?, isTransient: Bool, outcome: CircuitBreaker.Outcome
    ) {
        let error = LanguageModelError(code: code, message: "", isTransient: isTransient, status: status)
        #expect(CircuitBreaker.Outcome(error) == outcome)
    }
}
