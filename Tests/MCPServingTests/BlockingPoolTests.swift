import Synchronization
import Testing

@testable import MCPServing

@Suite struct BlockingPoolTests {
    private struct Failure: Error {}

    @Test func aPieceOfWorkReturnsOrThrowsToItsCaller() async throws {
        let pool = BlockingPool(label: "test", width: 2)
        #expect(try await pool.run { 6 * 7 } == 42)
        await #expect(throws: Failure.self) { try await pool.run { throw Failure() } }
    }

    @Test func neverMorePiecesRunAtOnceThanThereAreThreads() async throws {
        let pool = BlockingPool(label: "test", width: 3)
        let gauge = Gauge()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<400 {
                group.addTask {
                    try await pool.run {
                        gauge.enter()
                        var sum = 0
                        for number in 0..<2000 { sum &+= number }
                        gauge.leave(sum)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect((1...3).contains(gauge.highest))
        #expect(gauge.total == 400)
    }

    @Test func workOfACancelledTaskIsNotBegun() async throws {
        let pool = BlockingPool(label: "test", width: 1)
        let gauge = Gauge()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await pool.run { gauge.enter() }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(gauge.total == 0)
    }

    /// Counts what runs, and how much of it at once.
    private final class Gauge: Sendable {
        private struct Counts {
            var running = 0
            var highest = 0
            var total = 0
        }

        private let counts = Mutex(Counts())

        var highest: Int { self.counts.withLock { $0.highest } }
        var total: Int { self.counts.withLock { $0.total } }

        func enter() {
            self.counts.withLock { counts in
                counts.running += 1
                counts.total += 1
                counts.highest = max(counts.highest, counts.running)
            }
        }

        func leave(_ sum: Int) {
            self.counts.withLock { $0.running -= sum < 0 ? 0 : 1 }
        }
    }
}
