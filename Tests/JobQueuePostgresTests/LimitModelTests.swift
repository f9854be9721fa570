import JobQueue
import JobQueuePostgres
import Postgres
import PostgresTesting
import ServerTesting
import Testing

/// Several workers on connections of their own, random limits that change while they work, workers that vanish: a limit
/// is never exceeded, and everything ends.
@Suite struct LimitModelTests {
    private static let jobs = 250
    private static let workers = 4
    private static let keyLimits = [1, 2, 3]

    @Test(arguments: 0..<4 as Range<UInt64>)
    func limitsHoldAndNothingIsLeftBehind(seed: UInt64) async throws {
        print("limits with seed \(seed)")
        try await withQueue { fixture in
            var generator = SeededGenerator(seed: seed)
            for _ in 0..<Self.jobs {
                var options = EnqueueOptions(lane: generator.pick([.interactive, .standard, .bulk]))
                if generator.below(3) > 0 {
                    let key = generator.below(Self.keyLimits.count)
                    options.concurrency = .init(key: "k\(key)", limit: Self.keyLimits[key])
                }
                if generator.below(2) == 0 {
                    _ = try await fixture.queue.enqueue(Probe(name: "a"), options: options)
                } else {
                    _ = try await fixture.queue.enqueue(OtherProbe(name: "b"), options: options)
                }
            }
            // Runs that crash often are not to be given up here.
            try await fixture.database.execute("UPDATE lectern.job SET max_attempts = 1000")
            let isOver = Flag()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<Self.workers {
                    group.addTask {
                        try await Self.work(fixture, SeededGenerator(seed: seed * 100 + UInt64(number)), until: isOver)
                    }
                }
                group.addTask { try await Self.operate(fixture, SeededGenerator(seed: seed * 100 + 50), until: isOver) }
                group.addTask {
                    while !isOver.isRaised {
                        _ = try await fixture.store.rescue(silence: .seconds(12), isThorough: true)
                        try await Self.check(fixture, seed: seed)
                    }
                }
                do {
                    try await Deadline.poll("seed \(seed): every job to end", within: .seconds(60)) {
                        try await fixture.count("lectern.done") + fixture.count("lectern.dead") == Self.jobs
                    }
                } catch {
                    isOver.raise()
                    throw error
                }
                isOver.raise()
                try await group.waitForAll()
            }
            for table: SQL in ["lectern.slot", "lectern.blocked", "lectern.lease", "lectern.ready"] {
                #expect(try await fixture.count(table) == 0, "seed \(seed)")
            }
        }
    }

    /// Claims and ends as it comes, and vanishes from time to time with what it holds.
    private static func work(
        _ fixture: QueueFixture, _ seeded: SeededGenerator, until isOver: Flag
    ) async throws {
        var generator = seeded
        var worker: WorkerID?
        var held: [ClaimedJob] = []
        while !isOver.isRaised {
            let id: WorkerID
            if let worker { id = worker } else { id = try await fixture.register() }
            worker = id
            switch generator.below(50) {
            case 0:
                // It dies: its row stays, its heartbeat does not.
                try await fixture.database.execute(
                    "UPDATE lectern.worker SET seen_at = now() - interval '1 hour' WHERE id = \(id.rawValue)")
                held = []
                worker = nil
            case 1..<20 where held.count < 6:
                held += try await fixture.claim(1 + generator.below(4), worker: id)
            default:
                guard !held.isEmpty else { continue }
                let count = 1 + generator.below(held.count)
                let ended = held.prefix(count)
                held.removeFirst(count)
                let isPlain = generator.below(2) == 0
                let endings = ended.map { job in
                    let action: JobEnding.Action =
                        isPlain
                        ? .succeed(result: nil)
                        : generator.pick([.succeed(result: nil), .release, .snooze(.zero), .retry(after: .zero)])
                    return JobEnding(job: job, action: action)
                }
                _ = try await fixture.store.end(endings)
            }
        }
    }

    /// Sets limits, lifts them, and pauses. The last limits stay, and nobody sweeps: every end has to tell the next.
    private static func operate(
        _ fixture: QueueFixture, _ seeded: SeededGenerator, until isOver: Flag
    ) async throws {
        var generator = seeded
        let kinds = [Probe.definition.kind, OtherProbe.definition.kind]
        for _ in 0..<40 where !isOver.isRaised {
            let most: NumberSetting<Int> = generator.pick([.none, .to(1), .to(2), .to(3), .to(5)])
            let kind = generator.pick(kinds)
            switch generator.below(4) {
            case 0:
                var change = QueueNumberChange()
                change.maxRunning = most
                try await fixture.control.set(change, ofQueue: "probes")
            case 1:
                try await fixture.control.pause(.kind(kind, in: "probes"))
                try await fixture.control.resume(.kind(kind, in: "probes"))
            default:
                var change = KindNumberChange()
                change.maxRunning = most
                try await fixture.control.set(change, ofKind: kind, in: "probes")
            }
        }
        for kind in kinds {
            var change = KindNumberChange()
            change.maxRunning = .to(2)
            try await fixture.control.set(change, ofKind: kind, in: "probes")
        }
    }

    /// In one snapshot: keys keep their limits, and whatever runs under a limit is counted there.
    private static func check(_ fixture: QueueFixture, seed: UInt64) async throws {
        let row = try await fixture.database.queryOne(
            """
            SELECT
              (SELECT count(*) FROM (
                 SELECT FROM lectern.lease l JOIN lectern.job j ON j.id = l.job_id WHERE j.conc_key IS NOT NULL
                 GROUP BY j.conc_key HAVING count(*) > min(j.conc_limit)) AS x) AS crowded,
              (SELECT count(*) FROM lectern.slot s
                 WHERE NOT EXISTS (SELECT FROM lectern.lease l WHERE l.job_id = s.job_id)) AS leaked,
              (SELECT count(*) FROM lectern.lease l JOIN lectern.kind_control k ON k.kind = l.kind
                 WHERE k.max_running IS NOT NULL AND NOT EXISTS (
                   SELECT FROM lectern.slot s WHERE s.gate = 'kind:' || l.kind AND s.job_id = l.job_id)) AS uncounted,
              -- A change waits at most 400 ms for claims; what began later than that began under the limit.
              (SELECT count(*) FROM lectern.kind_control k JOIN lectern.lease l ON l.kind = k.kind
                 WHERE l.started_at > k.updated_at + interval '500 milliseconds' AND k.max_running < (
                   SELECT count(*) FROM lectern.lease o WHERE o.kind = k.kind AND o.started_at <= l.started_at))
                AS exceeding
            """)
        #expect(try row?.decode("crowded", as: Int.self) == 0, "seed \(seed)")
        #expect(try row?.decode("leaked", as: Int.self) == 0, "seed \(seed)")
        #expect(try row?.decode("uncounted", as: Int.self) == 0, "seed \(seed)")
        #expect(try row?.decode("exceeding", as: Int.self) == 0, "seed \(seed)")
    }
}

/// A second kind in the queue of ``Probe``.
private struct OtherProbe: JobArguments {
    static let definition = JobDefinition(
        kind: "other_probe", queue: "probes",
        retryPolicy: RetryPolicy(base: .milliseconds(1), cap: .milliseconds(5), maxAttempts: 3), timeout: .seconds(30))
    static let dataClasses: [String: DataClass] = ["name": .open]
    var name: String
    var uniqueKey: String? { nil }
}
