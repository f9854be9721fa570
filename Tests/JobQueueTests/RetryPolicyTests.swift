import JobQueue
import ServerTesting
import Testing

@Suite struct RetryPolicyTests {
    @Test func theBoundDoublesUpToTheCap() {
        let policy = RetryPolicy(base: .seconds(1), cap: .seconds(300))
        let bounds = (1...10).map { policy.bound(afterAttempt: $0) }
        #expect(bounds == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300].map { Duration.seconds($0) })
        #expect(policy.bound(afterAttempt: .max) == .seconds(300))
    }

    @Test func everyDelayLiesBetweenNothingAndTheBound() {
        let policy = RetryPolicy(base: .milliseconds(500), cap: .seconds(30), maxAttempts: 50)
        for seed in 0..<200 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            for attempt in 1..<50 {
                let delay = policy.delay(afterAttempt: attempt, using: &generator)
                #expect(delay.map { $0 >= .zero && $0 <= policy.bound(afterAttempt: attempt) } == true)
            }
        }
    }

    @Test func jitterSpreadsOverTheWholeRange() {
        let policy = RetryPolicy(base: .seconds(8), cap: .seconds(8))
        var generator = SeededGenerator(seed: 1)
        let delays = (0..<1_000).compactMap { _ in policy.delay(afterAttempt: 1, using: &generator) }
        #expect(delays.filter { $0 < .seconds(1) }.count > 60)
        #expect(delays.filter { $0 > .seconds(7) }.count > 60)
    }

    @Test func thereIsNoDelayAfterTheLastAttempt() {
        var generator = SeededGenerator(seed: 1)
        #expect(RetryPolicy(maxAttempts: 3).delay(afterAttempt: 3, using: &generator) == nil)
        #expect(RetryPolicy.once.delay(afterAttempt: 1, using: &generator) == nil)
        #expect(RetryPolicy(maxAttempts: 0).maxAttempts == 1)
    }
}
