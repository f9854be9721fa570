import JobQueue
import JobQueuePostgres
import Postgres
import PostgresTesting
import Synchronization
import Testing

@Suite struct WorkerTests {
    private struct Trouble: Error {}

    @Test func aWorkerPerformsWhatIsEnqueued() async throws {
        try await withQueue { fixture in
            _ = try await fixture.queue.enqueue(all: (0..<200).map { Probe(name: "\($0)") })
            try await fixture.withWorker(perform: { _, _ in JobOutcome(result: "{}") }) {
                try await Deadline.poll("all jobs to be done") { try await fixture.count("lectern.done") == 200 }
            }
            #expect(try await fixture.isConsistent())
        }
    }

    @Test func aHandlerThatBlocksItsThreadHoldsUpNobodysAnswers() async throws {
        try await withQueue { fixture in
            let isStarted = Atomic(false)
            let isReleased = Atomic(false)
            let gaveUp = Atomic(false)
            try await fixture.withWorker(
                slots: 1,
                perform: { _, _ in
                    isStarted.store(true, ordering: .releasing)
                    let end = ContinuousClock.now + .seconds(20)
                    while !isReleased.load(ordering: .acquiring), ContinuousClock.now < end {}
                    gaveUp.store(!isReleased.load(ordering: .acquiring), ordering: .releasing)
                    return JobOutcome()
                }
            ) {
                _ = try await fixture.queue.enqueue(Probe(name: "a"))
                try await Deadline.poll("the handler to run") { isStarted.load(ordering: .acquiring) }
                #expect(try await fixture.count("lectern.lease") == 1)
                isReleased.store(true, ordering: .releasing)
                try await Deadline.poll("its end") { try await fixture.count("lectern.done") == 1 }
            }
            let blocked = gaveUp.load(ordering: .acquiring)
            #expect(!blocked)
        }
    }

    @Test func jobsWhoseClaimWasNeverHeardOfRunSoonAndSpendNoAttempt() async throws {
        try await withQueue { fixture in
            let store = DeafStore(fixture.store, losses: 3)
            let attempts = Mutex<[Int]>([])
            _ = try await fixture.queue.enqueue(all: (0..<40).map { Probe(name: "\($0)", key: $0 < 5 ? "\($0)" : nil) })
            try await fixture.withWorker(
                on: store,
                perform: { _, context in
                    attempts.withLock { $0.append(context.attempt) }
                    return JobOutcome()
                }
            ) {
                // The deadlines are a minute away.
                try await Deadline.poll("all jobs to be done") { try await fixture.count("lectern.done") == 40 }
            }
            #expect(store.remaining == 0)
            let seen = attempts.withLock { $0 }
            #expect(seen == Array(repeating: 1, count: 40))
            #expect(try await fixture.isConsistent())
        }
    }

    @Test func noMoreThanTheSlotsRunAtOnce() async throws {
        try await withQueue { fixture in
            let running = Atomic(0)
            let most = Atomic(0)
            _ = try await fixture.queue.enqueue(all: (0..<40).map { Probe(name: "\($0)") })
            try await fixture.withWorker(
                slots: 3, configure: { $0.prefetch = ["probes": 10] },
                perform: { _, _ in
                    let now = running.add(1, ordering: .relaxed).newValue
                    most.max(now, ordering: .relaxed)
                    try await Task.sleep(for: .milliseconds(2))
                    running.subtract(1, ordering: .relaxed)
                    return JobOutcome()
                }
            ) {
                try await Deadline.poll("all jobs to be done") { try await fixture.count("lectern.done") == 40 }
            }
            #expect(most.load(ordering: .relaxed) == 3)
        }
    }

    @Test func aFailingJobIsRetriedAndThenBuriedWithItsErrors() async throws {
        try await withQueue { fixture in
            let id = try await fixture.queue.enqueue(Probe(name: "a")).id
            try await fixture.withWorker(perform: { _, _ in throw Trouble() }) {
                try await Deadline.poll("the job to be buried") {
                    try await fixture.inspector.snapshot(of: id)?.state == .dead
                }
            }
            #expect(try await fixture.inspector.snapshot(of: id)?.attempt == 3)
            #expect(try await fixture.count("lectern.event") == 3)
        }
    }

    @Test func aPermanentErrorBuriesAtOnceAndASnoozeCostsNothing() async throws {
        try await withQueue { fixture in
            let bad = try await fixture.queue.enqueue(Probe(name: "bad")).id
            let snoozing = try await fixture.queue.enqueue(Probe(name: "snoozing")).id
            let snoozes = Atomic(0)
            try await fixture.withWorker(perform: { probe, context in
                if probe.name == "bad" { throw JobError.permanent("bad_input", "no good") }
                if snoozes.add(1, ordering: .relaxed).newValue < 10 {
                    throw JobError.snooze("not_yet", "wait", for: .milliseconds(1))
                }
                return JobOutcome(result: "{\"attempt\": \(context.attempt)}")
            }) {
                try await Deadline.poll("both to end") {
                    let states = [
                        try await fixture.inspector.snapshot(of: bad)?.state,
                        try await fixture.inspector.snapshot(of: snoozing)?.state,
                    ]
                    return states == [.dead, .succeeded]
                }
            }
            #expect(try await fixture.inspector.snapshot(of: bad)?.attempt == 1)
            #expect(try await fixture.inspector.snapshot(of: snoozing)?.attempt == 1)
        }
    }

    @Test func aRunningJobIsCancelledOnRequest() async throws {
        try await withQueue { fixture in
            let started = AsyncStream<Void>.makeStream()
            let id = try await fixture.queue.enqueue(Probe(name: "long")).id
            try await fixture.withWorker(perform: { _, _ in
                started.continuation.yield()
                try await Task.sleep(for: .seconds(60))
                return JobOutcome()
            }) {
                for await _ in started.stream { break }
                #expect(try await fixture.inspector.cancel(id) == .requested)
                try await Deadline.poll("the job to be cancelled", within: .seconds(5)) {
                    try await fixture.inspector.snapshot(of: id)?.state == .cancelled
                }
            }
        }
    }

    @Test func aRunThatTakesTooLongIsStoppedAndRetried() async throws {
        try await withQueue { fixture in
            let id = try await fixture.queue.enqueue(Probe(name: "slow")).id
            try await fixture.database.execute("UPDATE lectern.job SET timeout_ms = 100")
            try await fixture.withWorker(perform: { _, context in
                if context.attempt == 1 { try await Task.sleep(for: .seconds(60)) }
                return JobOutcome()
            }) {
                try await Deadline.poll("the second run to succeed") {
                    try await fixture.inspector.snapshot(of: id)?.state == .succeeded
                }
            }
            #expect(try await fixture.inspector.snapshot(of: id)?.attempt == 2)
            let code = try await fixture.database.queryOne("SELECT code FROM lectern.event")?.decode(
                "code", as: String.self)
            #expect(code == "timed_out")
        }
    }

    @Test func aLeavingWorkerHandsBackWhatItDidNotFinish() async throws {
        try await withQueue { fixture in
            let started = AsyncStream<Void>.makeStream()
            let ids = try await fixture.queue.enqueue(all: (0..<6).map { Probe(name: "\($0)") }).map(\.id)
            try await fixture.withWorker(
                slots: 2, configure: { $0.prefetch = ["probes": 4] },
                perform: { _, _ in
                    started.continuation.yield()
                    try await Task.sleep(for: .seconds(60))
                    return JobOutcome()
                }
            ) {
                for await _ in started.stream { break }
            }
            // Torn down, the worker could tell nobody; others find its leases.
            try await fixture.database.execute("UPDATE lectern.worker SET seen_at = now() - interval '1 hour'")
            _ = try await fixture.store.rescue(silence: .seconds(12), isThorough: true)
            for id in ids { #expect(try await fixture.inspector.snapshot(of: id)?.state == .ready) }
            #expect(try await fixture.isConsistent())
        }
    }

    @Test func aResultWhoseCommitWasNotConfirmedIsWrittenAgainAndSpendsNoAttempt() async throws {
        try await withQueue { fixture in
            let commits = Tally()
            _ = try await fixture.queue.enqueue(Probe(name: "a"))
            try await fixture.withWorker(perform: { _, _ in
                JobOutcome(result: "{}") { _ in
                    commits.add()
                    guard commits.count > 2 else {
                        throw PostgresError(code: .unknownOutcome, message: "the primary went away")
                    }
                }
            }) {
                try await Deadline.poll("the job to be done") { try await fixture.count("lectern.done") == 1 }
            }
            #expect(commits.count == 3)
            #expect(try await fixture.count("lectern.event") == 0)
            let attempt = try await fixture.database.queryOne("SELECT attempt FROM lectern.done")
            #expect(try attempt?.decode("attempt", as: Int.self) == 1)
            #expect(try await fixture.isConsistent())
        }
    }

    @Test func anUnknownKindIsRetriedUntilAWorkerKnowsIt() async throws {
        try await withQueue { fixture in
            let id = try await fixture.queue.enqueue(Probe(name: "a")).id
            try await fixture.database.execute("UPDATE lectern.job SET kind = 'from_the_future'")
            try await fixture.withWorker(perform: { _, _ in JobOutcome() }) {
                try await Deadline.poll("the first try to fail") { try await fixture.count("lectern.event") >= 1 }
            }
            #expect(try await fixture.inspector.snapshot(of: id)?.state != .succeeded)
        }
    }
}
