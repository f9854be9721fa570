import ContentTesting
import Foundation
import JobQueue
import JobQueuePostgres
import PipelineJobs
import Postgres
import Synchronization
import Testing

@testable import TextbookSync

/// A run that dies at any point leaves a state from which the next run reaches the same end.
@Suite struct SyncCrashTests {
    private struct Killed: Error {}

    @Test(arguments: 1...30)
    func aRunThatDiesAtAnyCallIsFinishedByTheNext(call: Int) async throws {
        try await ContentBench.with { bench in
            var fixture = BookFixture()
            try await fixture.onDisk { _ = try await bench.run($0) }
            let before = try await bench.signature()
            fixture.write("b", number: 2, text: "Quite another text.")
            fixture.remove("b", chapter: 2, number: 2)
            fixture.write("new", chapter: 2, number: 3, text: "A new one.")
            let calls = Mutex(0)
            bench.memory.interfere { _, _ in
                let number = calls.withLock { count in
                    count += 1
                    return count
                }
                if number >= call { throw Killed() }
            }
            try await fixture.onDisk { root in
                let died = await (try? bench.run(root)) == nil
                if died {
                    #expect(try await bench.signature() == before, "readers see nothing of it")
                    bench.memory.interfere(nil)
                    let puts = bench.memory.puts
                    try await bench.finish(root)
                    let again = bench.memory.puts.dropFirst(puts.count)
                    #expect(Set(again).isDisjoint(with: puts.suffix(max(0, puts.count - 8))), "no duplicate upload")
                }
            }
            bench.memory.interfere(nil)
            #expect(try await bench.catalog.lessons().map(\.slug) == ["ch01-a", "ch01-b", "ch02-a", "ch02-new"])
            try await bench.expectConsistent()
        }
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
