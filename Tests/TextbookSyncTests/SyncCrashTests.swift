import ContentTesting
import Foundation
import JobQueue
import JobQueuePostgres
import PipelineJobs
import Postgres
import Synchronization
import Testing

@testable import TextbookSync

/// Counts calls made from several tasks.
private final class CallCounter: Sendable {
    private let left: Mutex<Int>

    init(limit: Int) { self.left = Mutex(limit) }

    /// True for the call numbered `limit` and every later one.
    func isOver() -> Bool {
        self.left.withLock { left in
            left -= 1
            return left <= 0
        }
    }
}

/// A run that dies at any point leaves a state from which the next run reaches the same end.
@Suite struct SyncCrashTests {
    private struct Killed: Error {}

    @Test func aRunThatDiesAtAnyCallIsFinishedByTheNext() async throws {
        try await ContentBench.with { bench in
            var fixture = BookFixture()
            try await fixture.onDisk { _ = try await bench.finish($0) }
            let before = try await bench.signature()
            let objects = bench.memory.objects
            fixture.write("b", number: 2, text: "Quite another text.")
            fixture.remove("b", chapter: 2, number: 2)
            fixture.write("new", chapter: 2, number: 3, text: "A new one.")
            try await fixture.onDisk { root in
                var call = 1
                while try await self.run(bench, root, dyingAt: call, before: before) {
                    #expect(
                        try await bench.catalog.lessons().map(\.slug) == ["ch01-a", "ch01-b", "ch02-a", "ch02-new"])
                    try await bench.expectConsistent()
                    try await bench.republish(objects)
                    call += 1
                }
                // Four blobs and four aliases are looked at, two of each are written, one alias is removed.
                #expect(call == 14, "every call was the last of some run")
            }
        }
    }

    /// One run that dies at a call to the bucket and one that is let through.
    /// - Returns: false when the first one needed fewer calls and came to its end.
    private func run(
        _ bench: ContentBench, _ root: String, dyingAt call: Int, before: [String]
    ) async throws -> Bool {
        let counter = CallCounter(limit: call)
        bench.memory.interfere { _, _ in if counter.isOver() { throw Killed() } }
        let puts = bench.memory.puts.count
        let died = await (try? bench.run(root)) == nil
        bench.memory.interfere(nil)
        guard died else { return false }
        #expect(try await bench.signature() == before, "readers see nothing of it")
        try await bench.finish(root)
        let keys = bench.memory.puts.dropFirst(puts)
        #expect(keys.count == 4, "died at call \(call), wrote \(keys)")
        #expect(Set(keys).count == keys.count, "nothing is uploaded twice")
        return true
    }

    @Test func aRunThatDiesBeforeItsCommitPublishesNothing() async throws {
        try await ContentBench.with { bench in
            try await BookFixture().onDisk { root in
                await #expect(throws: Killed.self) { try await bench.run(root) { throw Killed() } }
                #expect(try await bench.number("SELECT count(*) FROM lectern.book") == 0)
                #expect(try await bench.embedJobs == 0)
                let puts = bench.memory.puts.count
                try await bench.finish(root)
                #expect(bench.memory.puts.count == puts, "the texts are found in place")
            }
            try await bench.expectConsistent()
        }
    }

    @Test func aRunWhoseWordWasLostAfterItsCommitChangesNothingWhenItRunsAgain() async throws {
        try await ContentBench.with { bench in
            try await BookFixture().onDisk { root in
                let first = try await bench.run(root)
                let second = try await bench.run(root)
                #expect((second.outcome, second.release) == ("unchanged", first.release))
            }
            try await bench.expectConsistent()
        }
    }
}
