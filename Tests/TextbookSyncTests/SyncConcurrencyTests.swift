import ContentHashing
import ContentTesting
import Foundation
import JobQueue
import JobQueuePostgres
import PipelineJobs
import Postgres
import ServerTesting
import Synchronization
import Testing

@testable import TextbookSync

/// What readers saw while a writer wrote.
private final class ReadingLog: Sendable {
    private let state = Mutex<(isOver: Bool, releases: Set<Int64>)>((false, []))

    var isOver: Bool { self.state.withLock(\.isOver) }
    var releases: Int { self.state.withLock(\.releases.count) }

    func saw(_ release: Int64) { self.state.withLock { _ = $0.releases.insert(release) } }
    func end() { self.state.withLock { $0.isOver = true } }
}

@Suite struct SyncConcurrencyTests {
    private static func trees() -> (BookFixture, BookFixture) {
        let first = BookFixture(lessons: 3, edition: "left")
        var second = BookFixture(lessons: 3, edition: "right")
        second.remove("c", chapter: 1, number: 3)
        second.write("d", chapter: 2, number: 4, text: "Only on the right.")
        return (first, second)
    }

    @Test(arguments: 1...12)
    func ofTwoResyncsAtOnceTheNewerIsWhatReadersSeeInTheEnd(seed: UInt64) async throws {
        try await ContentBench.with { bench in
            let (left, right) = Self.trees()
            let random = Mutex(SeededGenerator(seed: seed))
            bench.memory.interfere { _, _ in
                let turns = random.withLock { Int.random(in: 0...20, using: &$0) }
                for _ in 0..<turns { await Task.yield() }
            }
            let startsFromNothing = seed.isMultiple(of: 2)
            if !startsFromNothing { try await BookFixture(lessons: 3).onDisk { _ = try await bench.run($0) } }
            try await left.onDisk { leftRoot in
                try await right.onDisk { rightRoot in
                    let older = try await bench.start(leftRoot)
                    let newer = try await bench.start(rightRoot)
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for _ in 0..<3 { group.addTask { try await bench.work() } }
                        try await group.waitForAll()
                    }
                    try await bench.verdict(on: newer)
                    let end = try await bench.resyncs.status(of: older)
                    #expect(end?.state == .done || end?.state == .cancelled, "seed \(seed): \(String(describing: end))")
                    try await bench.expectConsistent()
                    let seen = try await bench.signature()
                    bench.memory.interfere(nil)
                    #expect(try await bench.run(rightRoot).outcome == "unchanged")
                    #expect(try await bench.signature() == seen, "seed \(seed)")
                }
            }
        }
    }

    @Test func aPlanMadeAgainstAReleaseThatIsNoLongerShownIsMadeAgain() async throws {
        try await ContentBench.with { bench in
            let (left, right) = Self.trees()
            try await left.onDisk { leftRoot in
                try await right.onDisk { rightRoot in
                    let handler = SyncBookHandler(
                        database: bench.database, bucket: bench.memory.bucket, recipe: bench.recipe)
                    let first = try await handler.perform(
                        SyncBook(path: leftRoot), context: ContentBench.context(job: 1))
                    try await bench.run(rightRoot)
                    let commit = try #require(first.commit)
                    let error = await #expect(throws: JobError.self) {
                        try await bench.queue.withTransaction { try await commit($0) }
                    }
                    #expect(error?.code == "release_moved")
                    #expect(error?.disposition != .permanent)
                    try await bench.expectConsistent()
                }
            }
        }
    }

    @Test func readersAlwaysSeeAWholeReleaseWhoseTextsAreThere() async throws {
        try await ContentBench.with { bench in
            let (left, right) = Self.trees()
            try await left.onDisk { leftRoot in
                try await right.onDisk { rightRoot in
                    try await bench.run(rightRoot)
                    let rightTree = try await bench.signature()
                    try await bench.run(leftRoot)
                    let leftTree = try await bench.signature()
                    let log = ReadingLog()
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for _ in 0..<3 {
                            group.addTask {
                                while !log.isOver {
                                    let book = try await bench.catalog.book()
                                    let tree = book.lessons.map { "\($0.slug) \($0.contentHash) \($0.bucketPath)" }
                                    #expect(tree == leftTree || tree == rightTree)
                                    for lesson in book.lessons {
                                        let body = bench.memory.objects[lesson.objectKey] ?? []
                                        #expect(ContentHash(of: body).hex == lesson.contentHash)
                                    }
                                    log.saw(book.releaseID)
                                }
                            }
                        }
                        group.addTask {
                            defer { log.end() }
                            for _ in 0..<5 {
                                try await bench.run(rightRoot)
                                _ = try await bench.releases.rollBack()
                                try await bench.run(rightRoot)
                                try await bench.run(leftRoot)
                            }
                        }
                        try await group.waitForAll()
                    }
                    #expect(log.releases >= 3, "the readers did read while releases changed")
                }
            }
        }
    }
}
