import JobQueue
import JobQueuePostgres
import Postgres
import Testing

@Suite struct LineageTests {
    private static func version(_ version: Int64) -> EnqueueOptions.Lineage { .init(key: "lesson", version: version) }

    @Test func aNewerVersionSupersedesTheOlderOnesWhereverTheyWait() async throws {
        try await withQueue { fixture in
            let need = try await fixture.enqueue("needed") { $0.delay = .seconds(3_600) }.id
            let ready = try await fixture.enqueue("ready") { $0.lineage = Self.version(1) }.id
            let scheduled = try await fixture.enqueue("scheduled") {
                $0.lineage = Self.version(1)
                $0.delay = .seconds(3_600)
            }.id
            let blocked = try await fixture.enqueue("blocked") {
                $0.lineage = Self.version(1)
                $0.after = [need]
            }.id
            let newer = try await fixture.enqueue("newer") { $0.lineage = Self.version(2) }
            #expect(newer.isNew)
            for id in [ready, scheduled, blocked] { #expect(try await fixture.state(of: id) == .superseded) }
            #expect(try await fixture.state(of: newer.id) == .ready)
            #expect(try await fixture.isConsistent())
        }
    }

    @Test func aRunOfAnOlderVersionIsAskedToStopAndEndsAsSuperseded() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let older = try await fixture.enqueue("older") { $0.lineage = Self.version(1) }.id
            let run = try #require(try await fixture.claim(worker: worker).first)
            try await fixture.enqueue("newer") { $0.lineage = Self.version(2) }
            #expect(try await fixture.store.stopWishes(for: worker) == [older])
            #expect(try await fixture.end(run, .cancel))
            #expect(try await fixture.state(of: older) == .superseded)
            #expect(try await fixture.count("lectern.stop_wish") == 0)
        }
    }

    @Test func aSupersededRunWhoseWorkerDiesIsNotRunAgain() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let older = try await fixture.enqueue("older") { $0.lineage = Self.version(1) }.id
            _ = try await fixture.claim(worker: worker)
            try await fixture.enqueue("newer") { $0.lineage = Self.version(2) }
            try await fixture.database.execute("UPDATE lectern.worker SET seen_at = now() - interval '1 hour'")
            _ = try await fixture.store.rescue(silence: .seconds(12), isThorough: true)
            #expect(try await fixture.state(of: older) == .superseded)
        }
    }

    @Test func anOlderVersionThatArrivesLaterIsNotStored() async throws {
        try await withQueue { fixture in
            let newer = try await fixture.enqueue("newer") { $0.lineage = Self.version(2) }
            let older = try await fixture.enqueue("older") { $0.lineage = Self.version(1) }
            #expect(older == EnqueuedJob(id: newer.id, outcome: .superseded))
            #expect(try await fixture.count("lectern.job") == 1)
        }
    }

    @Test func jobsOfOneVersionStandSideBySide() async throws {
        try await withQueue { fixture in
            let jobs = try await fixture.queue.enqueue(
                all: [Probe(name: "a"), Probe(name: "b")], options: Self.options(version: 1))
            for job in jobs { #expect(try await fixture.state(of: job.id) == .ready) }
            try await fixture.enqueue("newer") { $0.lineage = Self.version(2) }
            for job in jobs { #expect(try await fixture.state(of: job.id) == .superseded) }
        }
    }

    @Test func aNewerVersionDoesNotJoinTheOlderOneOfTheSameKey() async throws {
        try await withQueue { fixture in
            let older = try await fixture.enqueue("older", key: "k") { $0.lineage = Self.version(1) }.id
            let newer = try await fixture.enqueue("newer", key: "k") { $0.lineage = Self.version(2) }
            #expect(newer.isNew)
            #expect(try await fixture.state(of: older) == .superseded)
            #expect(try await fixture.enqueue("again", key: "k") { $0.lineage = Self.version(2) }.id == newer.id)
        }
    }

    @Test func ofManyVersionsAtOnceTheNewestIsLeft() async throws {
        try await withQueue { fixture in
            for round in 0..<10 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for version in 1...12 as ClosedRange<Int64> {
                        group.addTask {
                            try await fixture.enqueue("\(version)", key: "k\(version % 3)") {
                                $0.lineage = .init(key: "round \(round)", version: version)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                let left = try await fixture.int(
                    "SELECT j.version FROM lectern.ready r JOIN lectern.job j ON j.id = r.job_id")
                #expect(left == 12, "round \(round)")
                #expect(try await fixture.count("lectern.ready") == 1, "round \(round)")
                #expect(try await fixture.isConsistent())
                let worker = try await fixture.register()
                try await fixture.runAll(worker: worker)
            }
        }
    }

    private static func options(version: Int64) -> EnqueueOptions {
        var options = EnqueueOptions()
        options.lineage = Self.version(version)
        return options
    }
}
