import JobQueue
import JobQueuePostgres
import Postgres
import ServerTesting
import Testing

/// Jobs that need others are stored while those end, each over a connection of its own.
@Suite struct DependencyRaceTests {
    @Test(arguments: 0..<8 as Range<UInt64>)
    func aDependentNeverMissesTheEndOfWhatItNeeds(seed: UInt64) async throws {
        try await withQueue { fixture in
            let letters = DeadLetters(database: fixture.database, queue: fixture.queue)
            var generator = SeededGenerator(seed: seed)
            for round in 0..<15 {
                let place = "seed \(seed), round \(round)"
                let worker = try await fixture.register()
                let parents = try await fixture.queue.enqueue(all: [Probe(name: "1"), Probe(name: "2")]).map(\.id)
                // It stands at its gate already when others begin to need it.
                let child = try await fixture.enqueue("child") { $0.after = parents }.id
                let isClaimedFirst = generator.below(2) == 0
                let early = isClaimedFirst ? try await fixture.claim(worker: worker) : []
                let endings = (0..<2).map { _ in
                    generator.pick([JobEnding.Action.succeed(result: nil), .succeed(result: nil), .discard, .cancel])
                }
                let needs = (0..<6).map { _ in generator.pick([parents, [parents[0]], [child], [child, parents[1]]]) }
                let stored = try await withThrowingTaskGroup(of: (JobID, [JobID])?.self) { group in
                    for (index, needed) in needs.enumerated() {
                        group.addTask {
                            do {
                                return (try await fixture.enqueue("\(index)") { $0.after = needed }.id, needed)
                            } catch let error as EnqueueError where error.code == .neededJobGone {
                                return nil
                            }
                        }
                    }
                    group.addTask {
                        var runs = early
                        while runs.count < 2 { runs += try await fixture.claim(2 - runs.count, worker: worker) }
                        try await withThrowingTaskGroup(of: Void.self) { ends in
                            for (run, action) in zip(runs, endings) {
                                ends.addTask {
                                    let isEnded = try await fixture.end(run, action)
                                    #expect(isEnded, "\(place)")
                                }
                            }
                            try await ends.waitForAll()
                        }
                        return nil
                    }
                    var stored: [(id: JobID, needed: [JobID])] = []
                    for try await job in group { if let job { stored.append((job.0, job.1)) } }
                    return stored
                }
                // Redriving heals what waits for the dead; then everything that may run has run.
                _ = try await letters.redrive(DeadLetterFilter(), limit: 10, actor: "test")
                try await fixture.runAll(worker: worker)
                for (id, needed) in stored + [(id: child, needed: parents)] {
                    var isDoomed = false
                    for need in needed where try await fixture.state(of: need) != .succeeded { isDoomed = true }
                    let state = try await fixture.state(of: id)
                    #expect(state == (isDoomed ? .cancelled : .succeeded), "\(place), job \(id)")
                }
                #expect(try await fixture.count("lectern.blocked") == 0, "\(place)")
                #expect(try await fixture.count("lectern.dependency") == 0, "\(place)")
                #expect(try await fixture.isConsistent(), "\(place)")
            }
        }
    }
}
