import JobQueue
import JobQueuePostgres
import Postgres
import PostgresTesting
import Synchronization
import Testing

@Suite struct CancelTests {
    /// How a worker hears of the wish.
    enum Way: CaseIterable {
        case listening, polling
    }

    @Test(arguments: Way.allCases)
    func aRunningJobStopsWithinASecond(way: Way) async throws {
        try await withQueue { fixture in
            let started = AsyncStream<Void>.makeStream()
            let listener = PostgresListener(
                url: fixture.url, channels: [PostgresJobStore.wakeUpChannel], logger: QueueFixture.logger)
            try await withThrowingTaskGroup(of: Void.self) { group in
                if way == .listening {
                    group.addTask { try await listener.run() }
                    group.addTask { await fixture.store.forward(listener) }
                }
                try await fixture.withWorker(
                    // A listening worker has to do without asking.
                    configure: { if way == .listening { $0.stopPollInterval = .seconds(3_600) } },
                    perform: { _, _ in
                        started.continuation.yield()
                        try await Task.sleep(for: .seconds(60))
                        return JobOutcome()
                    }
                ) {
                    if way == .listening {
                        try await Deadline.poll("the listener to listen") {
                            try await fixture.count("pg_stat_activity WHERE query ILIKE 'listen%'") > 0
                        }
                    }
                    // The median: other tests may have the processors for a while.
                    var waits: [Duration] = []
                    var starts = started.stream.makeAsyncIterator()
                    for number in 0..<3 {
                        let id = try await fixture.queue.enqueue(Probe(name: "\(number)")).id
                        await starts.next()
                        let asked = ContinuousClock.now
                        #expect(try await fixture.inspector.cancel(id) == .requested)
                        try await Deadline.poll("the job to be cancelled") {
                            try await fixture.inspector.snapshot(of: id)?.state == .cancelled
                        }
                        waits.append(asked.duration(to: .now))
                    }
                    #expect(waits.sorted()[1] < .seconds(1), "\(waits)")
                }
                group.cancelAll()
            }
        }
    }

    @Test func aJobClaimedAheadIsCancelledBeforeItStarts() async throws {
        try await withQueue { fixture in
            let started = Mutex<[String]>([])
            let ids = try await fixture.queue.enqueue(all: [Probe(name: "runs"), Probe(name: "waits")]).map(\.id)
            try await fixture.withWorker(
                slots: 1, configure: { $0.prefetch = ["probes": 1] },
                perform: { probe, _ in
                    started.withLock { $0.append(probe.name) }
                    try await Task.sleep(for: .seconds(60))
                    return JobOutcome()
                }
            ) {
                try await Deadline.poll("both to be claimed") { try await fixture.count("lectern.lease") == 2 }
                try await Deadline.poll("the first to start") { !started.withLock { $0.isEmpty } }
                #expect(try await fixture.inspector.cancel(ids[1]) == .requested)
                try await Deadline.poll("the job to be cancelled", within: .seconds(5)) {
                    try await fixture.inspector.snapshot(of: ids[1])?.state == .cancelled
                }
            }
            #expect(started.withLock { $0 } == ["runs"])
        }
    }

    @Test func aCancelledJobWhoseWorkerDiesEndsAsCancelled() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let id = try await fixture.queue.enqueue(Probe(name: "a", key: "k")).id
            let job = try await fixture.claim(worker: worker)[0]
            #expect(try await fixture.inspector.cancel(id) == .requested)
            try await fixture.database.execute("UPDATE lectern.worker SET seen_at = now() - interval '1 hour'")
            let report = try await fixture.store.rescue(silence: .seconds(12), isThorough: false)
            #expect(report.requeued == 0)
            #expect(try await fixture.inspector.snapshot(of: id)?.state == .cancelled)
            #expect(try await fixture.count("lectern.stop_wish") == 0)
            // The dead worker's late word changes nothing, and the key is free.
            let late = try await fixture.store.end([JobEnding(job: job, action: .succeed(result: nil))])
            #expect(late.accepted.isEmpty)
            #expect(try await fixture.queue.enqueue(Probe(name: "a", key: "k")).isNew)
        }
    }
}
