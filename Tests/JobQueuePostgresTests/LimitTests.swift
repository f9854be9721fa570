import JobQueue
import JobQueuePostgres
import Postgres
import PostgresTesting
import Testing

@Suite struct LimitTests {
    private static func limit(_ most: NumberSetting<Int>) -> KindNumberChange {
        var change = KindNumberChange()
        change.maxRunning = most
        return change
    }

    private static func succeed(_ jobs: some Sequence<ClaimedJob>) -> [JobEnding] {
        jobs.map { JobEnding(job: $0, action: .succeed(result: nil)) }
    }

    @Test func aNewLimitCountsTheRunsUnderWay() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            _ = try await fixture.queue.enqueue(all: (0..<10).map { Probe(name: "\($0)") })
            let running = try await fixture.claim(4, worker: worker)
            let changes = try await fixture.control.set(Self.limit(.to(3)), ofKind: "probe", in: "probes")
            #expect(
                changes == [NumberChange(subject: "kind probe", number: "max_running", was: nil, becomes: "3")])
            #expect(try await fixture.claim(worker: worker).isEmpty)
            // The end of a run that began before the limit frees its place, by the short way and by the long one.
            _ = try await fixture.store.end(Self.succeed(running.prefix(2)))
            let next = try await fixture.claim(worker: worker)
            #expect(next.count == 1)
            _ = try await fixture.store.end([JobEnding(job: running[2], action: .retry(after: .seconds(60)))])
            #expect(try await fixture.claim(worker: worker).count == 1)
            #expect(try await fixture.count("lectern.slot") == 3)
        }
    }

    @Test func raisingALimitLetsJobsGoAtOnceAndLoweringLetsRunsFinish() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            try await fixture.control.set(Self.limit(.to(1)), ofKind: "probe", in: "probes")
            _ = try await fixture.queue.enqueue(all: (0..<10).map { Probe(name: "\($0)") })
            var running = try await fixture.claim(worker: worker)
            #expect(running.count == 1)
            #expect(try await fixture.count("lectern.blocked") == 9)
            try await fixture.control.set(Self.limit(.to(4)), ofKind: "probe", in: "probes")
            #expect(try await fixture.count("lectern.ready") == 3)
            running += try await fixture.claim(worker: worker)
            #expect(running.count == 4)

            try await fixture.control.set(Self.limit(.to(2)), ofKind: "probe", in: "probes")
            #expect(try await fixture.store.end(Self.succeed(running.prefix(2))).accepted.count == 2)
            #expect(try await fixture.claim(worker: worker).isEmpty)
            #expect(try await fixture.store.end(Self.succeed(running[2..<3])).accepted.count == 1)
            #expect(try await fixture.claim(worker: worker).count == 1)

            try await fixture.control.set(Self.limit(.none), ofKind: "probe", in: "probes")
            #expect(try await fixture.count("lectern.blocked") == 0)
            #expect(try await fixture.claim(worker: worker).count == 5)
        }
    }

    @Test func aQueuesLimitHoldsOverAllItsWorkers() async throws {
        try await withQueue { fixture in
            var change = QueueNumberChange()
            change.maxRunning = .to(3)
            try await fixture.control.set(change, ofQueue: "probes")
            _ = try await fixture.queue.enqueue(all: (0..<9).map { Probe(name: "\($0)") })
            var running: [ClaimedJob] = []
            for _ in 0..<3 { running += try await fixture.claim(2, worker: try await fixture.register()) }
            #expect(running.count == 3)
        }
    }

    @Test func aChanceThatOneJobCannotUseGoesToTheNext() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            try await fixture.control.set(Self.limit(.to(2)), ofKind: "probe", in: "probes")
            var keyed = EnqueueOptions()
            keyed.concurrency = .init(key: "k", limit: 1)
            let first = try await fixture.queue.enqueue(Probe(name: "holds the key"), options: keyed).id
            _ = try await fixture.queue.enqueue(Probe(name: "holds a place"))
            let running = try await fixture.claim(worker: worker)
            #expect(running.count == 2)
            // Both are blocked at the kind's gate; the first one will meet the key when the gate opens for it.
            _ = try await fixture.queue.enqueue(Probe(name: "wants the key"), options: keyed)
            let last = try await fixture.queue.enqueue(Probe(name: "wants a place")).id
            #expect(try await fixture.claim(worker: worker).isEmpty)
            #expect(try await fixture.count("lectern.blocked WHERE gate = 'kind:probe'") == 2)
            let other = try #require(running.first { $0.lease.jobID != first })
            _ = try await fixture.store.end(Self.succeed([other]))
            #expect(try await fixture.claim(worker: worker).map(\.lease.jobID) == [last])
        }
    }

    @Test func aCancelledJobPassesItsChanceOn() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            try await fixture.control.set(Self.limit(.to(1)), ofKind: "probe", in: "probes")
            let ids = try await fixture.queue.enqueue(all: (0..<3).map { Probe(name: "\($0)") }).map(\.id)
            let running = try await fixture.claim(worker: worker)
            #expect(try await fixture.count("lectern.blocked") == 2)
            _ = try await fixture.store.end(Self.succeed(running))
            #expect(try await fixture.inspector.snapshot(of: ids[1])?.state == .ready)
            #expect(try await fixture.inspector.cancel(ids[1]) == .cancelled)
            #expect(try await fixture.claim(worker: worker).map(\.lease.jobID) == [ids[2]])
        }
    }

    @Test func theSweepFindsWhatNobodyWasToldOf() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            var keyed = EnqueueOptions()
            keyed.concurrency = .init(key: "k", limit: 1)
            _ = try await fixture.queue.enqueue(all: (0..<2).map { Probe(name: "\($0)") }, options: keyed)
            let running = try await fixture.claim(worker: worker)
            #expect(try await fixture.count("lectern.blocked WHERE gate = 'key:k'") == 1)
            var position = GateSweepPosition()
            #expect(try await fixture.control.sweepGates(&position) == 0)
            // As if the opening had been lost.
            try await fixture.database.execute("DELETE FROM lectern.slot")
            #expect(try await fixture.control.sweepGates(&position) == 1)
            #expect(try await fixture.claim(worker: worker).count == 1)
            #expect(running.count == 1)
        }
    }

    @Test func aSweepComesRoundToEveryGate() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            try await fixture.database.execute(
                """
                WITH wanted AS (
                  SELECT lectern.new_job_id() AS id, 'k' || n AS key FROM generate_series(1, 1100) AS n, generate_series(1, 2)
                ), body AS (
                  INSERT INTO lectern.job (id, queue, kind, args, lane, max_attempts, timeout_ms, conc_key, conc_limit)
                  SELECT id, 'probes', 'probe', '{}', 10, 3, 1000, key, 1 FROM wanted
                )
                INSERT INTO lectern.ready (queue, lane, tag, job_id, flags) SELECT 'probes', 10, id, id, 3 FROM wanted
                """)
            #expect(try await fixture.claim(2_200, worker: worker).count == 1_100)
            try await fixture.database.execute("DELETE FROM lectern.slot")
            var position = GateSweepPosition()
            #expect(try await fixture.control.sweepGates(&position) == 1_000)
            #expect(try await fixture.control.sweepGates(&position) == 100)
            #expect(position == GateSweepPosition())
        }
    }

    @Test func jobsOfOneKeyFollowEachOtherWithoutWaitingForAPoll() async throws {
        try await withQueue { fixture in
            var keyed = EnqueueOptions()
            keyed.concurrency = .init(key: "k", limit: 1)
            _ = try await fixture.queue.enqueue(all: (0..<20).map { Probe(name: "\($0)") }, options: keyed)
            try await fixture.withWorker(
                configure: { $0.pollInterval = .seconds(30) }, perform: { _, _ in JobOutcome() }
            ) {
                try await Deadline.poll("all to be done", within: .seconds(15)) {
                    try await fixture.count("lectern.done") == 20
                }
            }
        }
    }
}
