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

/// Workers that die at any point leave a state from which others reach the same end.
@Suite struct SyncCrashTests {
    @Test func workersThatDieAtAnyCallAreFollowedByOthersWhoEndTheRelease() async throws {
        var fixture = BookFixture()
        fixture.write("b", number: 2, text: "Quite another text.")
        fixture.remove("b", chapter: 2, number: 2)
        fixture.write("new", chapter: 2, number: 3, text: "A new one.")
        let changed = fixture
        try await ContentBench.with { bench in
            try await BookFixture().onDisk { _ = try await bench.run($0) }
            let before = try await bench.signature()
            let objects = bench.memory.objects
            try await changed.onDisk { root in
                var after: [String]?
                var call = 1
                while true {
                    let counter = CallCounter(limit: call)
                    let puts = bench.memory.puts.count
                    let id = try await bench.start(root)
                    let died = await bench.workUntilKilled { counter.isOver() }
                    let seen = try await bench.signature()
                    #expect(seen == before || seen == after ?? seen, "readers see one release or the other, whole")
                    try await bench.rescue()
                    try await bench.verdict(on: id)
                    let end = try await bench.signature()
                    #expect(end == after ?? end)
                    after = end
                    try await bench.expectConsistent()
                    let keys = bench.memory.puts.dropFirst(puts)
                    #expect(keys.count == 4, "died at call \(call), wrote \(keys)")
                    #expect(Set(keys).count == keys.count, "nothing is uploaded twice")
                    guard died else { break }
                    _ = try await bench.releases.rollBack()
                    try await bench.work()
                    #expect(try await bench.signature() == before)
                    for key in bench.memory.keys { bench.memory.set(key, objects[key]) }
                    call += 1
                }
                #expect(after?.map { $0.prefix { $0 != " " } } == ["ch01-a", "ch01-b", "ch02-a", "ch02-new"])
                #expect(call > 12, "every call was the last of some worker: \(call)")
            }
        }
    }

    @Test func aPlanThatDiesBeforeItsCommitLeavesNothing() async throws {
        try await ContentBench.with { bench in
            try await BookFixture().onDisk { root in
                _ = try await SyncBookHandler(
                    database: bench.database, bucket: bench.memory.bucket, recipe: bench.recipe
                ).perform(SyncBook(path: root), context: ContentBench.context())
                #expect(try await bench.number("SELECT count(*) FROM lectern.book") == 0)
                #expect(try await bench.number("SELECT count(*) FROM lectern.job") == 0)
                #expect(bench.memory.writes == 0)
            }
        }
    }

    @Test func aPlanWhoseWordWasLostAfterItsCommitChangesNothingWhenItRunsAgain() async throws {
        try await ContentBench.with { bench in
            try await BookFixture().onDisk { root in
                let first = try await bench.run(root)
                let writes = bench.memory.writes
                let second = try await bench.run(root)
                #expect((second.outcome, second.release) == ("unchanged", first.release))
                #expect(bench.memory.writes == writes)
            }
            try await bench.expectConsistent()
        }
    }
}
