import JobQueue
import JobQueuePostgres
import Postgres
import Testing

@Suite struct BatchTests {
    private static func batches(_ fixture: QueueFixture) -> JobBatches {
        JobBatches(database: fixture.database, queue: fixture.queue)
    }

    @Test func theCompletionJobRunsOnceAfterTheLastMember() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let batches = Self.batches(fixture)
            let batch = try await batches.open("nightly", completion: Probe(name: "done"))
            for name in ["good", "bad", "unwanted"] { try await fixture.enqueue(name) { $0.batch = batch } }
            try await batches.seal(batch)
            let members = try await fixture.claim(worker: worker)
            #expect(try members.names == ["good", "bad", "unwanted"])
            try await fixture.end(members[0])
            try await fixture.end(members[1], .discard)
            var progress = try #require(try await batches.progress(of: batch))
            #expect(progress.name == "nightly" && progress.isSealed && !progress.isFinished)
            #expect(progress.total == 3 && progress.succeeded == 1 && progress.dead == 1 && progress.pending == 1)
            let completion = try #require(progress.completionJob)
            #expect(try await fixture.inspector.snapshot(of: completion)?.gate == "batch:\(batch)")
            try await fixture.end(members[2], .cancel)
            progress = try #require(try await batches.progress(of: batch))
            #expect(progress.isFinished && progress.cancelled == 1 && progress.pending == 0)
            #expect(try await fixture.run(worker: worker) == completion)
            #expect(try await fixture.run(worker: worker) == nil)
            #expect(try await fixture.isConsistent())
        }
    }

    @Test func aBatchThatIsSealedAfterTheLastEndFinishesByTheSeal() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let batches = Self.batches(fixture)
            let batch = try await batches.open("b", completion: Probe(name: "done"))
            try await fixture.enqueue("a") { $0.batch = batch }
            try await fixture.runAll(worker: worker)
            #expect(try await batches.progress(of: batch)?.isFinished == false)
            try await batches.seal(batch)
            try await batches.seal(batch)
            #expect(try await batches.progress(of: batch)?.isFinished == true)
            #expect(try await fixture.claim(worker: worker).names == ["done"])
        }
    }

    @Test func anEmptyBatchFinishesByItsSeal() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let batches = Self.batches(fixture)
            let batch = try await batches.open("b", completion: Probe(name: "done"))
            #expect(try await fixture.claim(worker: worker).isEmpty)
            try await batches.seal(batch)
            #expect(try await fixture.claim(worker: worker).names == ["done"])
            let silent = try await batches.open("without a completion job")
            try await batches.seal(silent)
            #expect(try await batches.progress(of: silent)?.isFinished == true)
        }
    }

    @Test func aSealedBatchTakesNoMoreJobs() async throws {
        try await withQueue { fixture in
            let batches = Self.batches(fixture)
            let batch = try await batches.open("b")
            try await batches.seal(batch)
            let error = await #expect(throws: EnqueueError.self) {
                try await fixture.enqueue("late") { $0.batch = batch }
            }
            #expect(error?.code == .batchSealed)
            #expect(try await fixture.count("lectern.job") == 0)
            let unknown = await #expect(throws: BatchError.self) { try await batches.seal(BatchID(rawValue: 99)) }
            #expect(unknown?.code == .unknown)
            #expect(try await batches.progress(of: BatchID(rawValue: 99)) == nil)
        }
    }

    @Test func aCompletionJobThatAnotherOneStandsForIsRefused() async throws {
        try await withQueue { fixture in
            let batches = Self.batches(fixture)
            let other = try await fixture.enqueue("live", key: "k").id
            let taken = await #expect(throws: BatchError.self) {
                try await batches.open("b", completion: Probe(name: "done", key: "k"))
            }
            #expect(taken?.code == .completionNotStored)
            var options = EnqueueOptions()
            options.after = [other]
            let tied = await #expect(throws: BatchError.self) {
                try await batches.open("b", completion: Probe(name: "done"), options: options)
            }
            #expect(tied?.code == .completionElsewhere)
            #expect(try await fixture.count("lectern.batch") == 0)
        }
    }

    @Test func aMemberThatJoinsALiveJobIsNotCounted() async throws {
        try await withQueue { fixture in
            let batches = Self.batches(fixture)
            let batch = try await batches.open("b")
            let jobs = try await fixture.queue.enqueue(
                all: [Probe(name: "a", key: "k"), Probe(name: "b", key: "k"), Probe(name: "c")],
                options: Self.options(batch))
            #expect(jobs.filter(\.isNew).count == 2)
            #expect(try await batches.progress(of: batch)?.total == 2)
        }
    }

    @Test func twoWorkersThatEndTheLastTwoMembersFreeOneCompletionJob() async throws {
        try await withQueue { fixture in
            let batches = Self.batches(fixture)
            let worker = try await fixture.register()
            for round in 0..<25 {
                let first = try await batches.open("first", completion: Probe(name: "first done"))
                let second = try await batches.open("second", completion: Probe(name: "second done"))
                _ = try await fixture.queue.enqueue(
                    all: [Probe(name: "1"), Probe(name: "2")], options: Self.options(first))
                _ = try await fixture.queue.enqueue(
                    all: [Probe(name: "3"), Probe(name: "4")], options: Self.options(second))
                let runs = try await fixture.claim(worker: worker)
                #expect(runs.count == 4)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    // Both calls count in both batches, in opposite orders.
                    for pair in [[runs[0], runs[2]], [runs[3], runs[1]]] {
                        group.addTask {
                            let report = try await fixture.store.end(
                                pair.map { JobEnding(job: $0, action: .succeed(result: nil)) })
                            #expect(report.accepted.count == 2, "round \(round)")
                        }
                    }
                    group.addTask {
                        try await batches.seal(first)
                        try await batches.seal(second)
                    }
                    try await group.waitForAll()
                }
                for batch in [first, second] {
                    let progress = try #require(try await batches.progress(of: batch))
                    #expect(progress.isFinished && progress.succeeded == 2 && progress.total == 2, "round \(round)")
                }
                let completions = try await fixture.claim(worker: worker)
                #expect(try completions.names == ["first done", "second done"], "round \(round)")
                for completion in completions { try await fixture.end(completion) }
            }
            #expect(try await fixture.isConsistent())
        }
    }

    @Test func aRedrivenMemberIsCountedByWhatBecomesOfIt() async throws {
        try await withQueue { fixture in
            let batches = Self.batches(fixture)
            let letters = DeadLetters(database: fixture.database, queue: fixture.queue)
            let worker = try await fixture.register()
            let batch = try await batches.open("b", completion: Probe(name: "done"))
            let jobs = try await fixture.queue.enqueue(
                all: [Probe(name: "1"), Probe(name: "2")], options: Self.options(batch))
            try await fixture.run(.discard, worker: worker)
            try await fixture.run(.discard, worker: worker)
            // Redriven before the seal: the batch waits for it.
            #expect(try await letters.redrive(jobs[0].id, actor: "test") == .redriven)
            try await batches.seal(batch)
            var progress = try #require(try await batches.progress(of: batch))
            #expect(progress.dead == 1 && progress.pending == 1 && !progress.isFinished)
            #expect(try await fixture.run(worker: worker) == jobs[0].id)
            progress = try #require(try await batches.progress(of: batch))
            #expect(progress.dead == 1 && progress.succeeded == 1 && progress.isFinished)
            #expect(try await fixture.run(worker: worker) == progress.completionJob)
            // Redriven after the end: the counts follow, the completion job does not run again.
            #expect(try await letters.redrive(jobs[1].id, actor: "test") == .redriven)
            progress = try #require(try await batches.progress(of: batch))
            #expect(progress.dead == 0 && progress.pending == 1 && progress.isFinished)
            #expect(try await fixture.run(worker: worker) == jobs[1].id)
            progress = try #require(try await batches.progress(of: batch))
            #expect(progress.succeeded == 2 && progress.pending == 0 && progress.isFinished)
            #expect(try await fixture.run(worker: worker) == nil)
        }
    }

    @Test func aDiscardedMemberCountsAsCancelled() async throws {
        try await withQueue { fixture in
            let batches = Self.batches(fixture)
            let worker = try await fixture.register()
            let batch = try await batches.open("b")
            let job = try await fixture.enqueue("a") { $0.batch = batch }.id
            try await fixture.run(.discard, worker: worker)
            let letters = DeadLetters(database: fixture.database, queue: fixture.queue)
            #expect(try await letters.discard(job, reason: "of no use", actor: "test"))
            let progress = try #require(try await batches.progress(of: batch))
            #expect(progress.dead == 0 && progress.cancelled == 1 && progress.pending == 0)
        }
    }

    private static func options(_ batch: BatchID) -> EnqueueOptions {
        var options = EnqueueOptions()
        options.batch = batch
        return options
    }
}
