import JobQueue
import JobQueuePostgres
import Postgres
import ServerTesting
import Synchronization
import Testing

/// Many ask for one thing, leave, cancel and run it at the same time, each over a connection of its own.
@Suite struct WaiterRaceTests {
    /// One request for the job, with the ticks of a common clock between which it was made.
    private struct Join {
        var job: JobID
        var from: Int
        var hasLeft = false
    }

    private struct Cancellation {
        var job: JobID
        var until: Int
    }

    private final class Ledger: Sendable {
        let clock = Atomic(0)
        let joins = Mutex<[Join]>([])
        let cancellations = Mutex<[Cancellation]>([])

        func tick() -> Int { self.clock.add(1, ordering: .sequentiallyConsistent).newValue }
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func whoeverJoinsIsServedOrGetsANewJob(seed: UInt64) async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            for round in 0..<20 as Range<UInt64> {
                let ledger = Ledger()
                let key = "key \(round)"
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for actor in 0..<4 as Range<UInt64> {
                        let generator = SeededGenerator(seed: seed << 32 | round << 8 | actor)
                        group.addTask { try await Self.ask(fixture, key, "actor \(actor)", generator, ledger) }
                    }
                    let generator = SeededGenerator(seed: seed << 32 | round << 8 | 99)
                    group.addTask { try await Self.work(fixture, worker, generator) }
                    try await group.waitForAll()
                }
                try await fixture.runAll(worker: worker)
                let cancellations = ledger.cancellations.withLock { $0 }
                for join in ledger.joins.withLock({ $0 }) where !join.hasLeft {
                    let place = "seed \(seed), round \(round), job \(join.job)"
                    let state = try await fixture.state(of: join.job)
                    // Only an outright cancellation that was not over before somebody joined takes the job from him.
                    let mayBeCancelled = cancellations.contains { $0.job == join.job && $0.until > join.from }
                    #expect(state == .succeeded || (mayBeCancelled && state == .cancelled), "\(place)")
                }
                #expect(try await fixture.isConsistent(), "seed \(seed), round \(round)")
                #expect(try await fixture.count("lectern.flight") == 0, "seed \(seed), round \(round)")
                #expect(try await fixture.count("lectern.waiter") == 0, "seed \(seed), round \(round)")
                #expect(try await fixture.count("lectern.stop_wish") == 0, "seed \(seed), round \(round)")
            }
        }
    }

    private static func ask(
        _ fixture: QueueFixture, _ key: String, _ name: String, _ start: SeededGenerator, _ ledger: Ledger
    ) async throws {
        var generator = start
        for turn in 0..<5 {
            let waits = generator.below(3) > 0
            let lane = generator.pick([Lane.interactive, .standard, .bulk])
            let waiter = "\(name), turn \(turn)"
            let from = ledger.tick()
            let job = try await fixture.enqueue(name, key: key) {
                $0.lane = lane
                if waits { $0.waiter = .init(name: waiter) }
            }.id
            var join = Join(job: job, from: from)
            if waits, generator.below(3) > 0 {
                _ = try await fixture.inspector.leave(job, waiter: waiter)
                join.hasLeft = true
            } else if generator.below(8) == 0 {
                _ = try await fixture.inspector.cancel(job)
                let until = ledger.tick()
                ledger.cancellations.withLock { $0.append(Cancellation(job: job, until: until)) }
            }
            ledger.joins.withLock { $0.append(join) }
        }
    }

    private static func work(
        _ fixture: QueueFixture, _ worker: WorkerID, _ start: SeededGenerator
    ) async throws {
        var generator = start
        for _ in 0..<15 {
            guard let job = try await fixture.claim(1, worker: worker).first else {
                await Task.yield()
                continue
            }
            let action = generator.pick([JobEnding.Action.succeed(result: nil), .snooze(.zero), .release])
            #expect(try await fixture.end(job, action))
        }
    }
}
