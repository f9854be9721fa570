import JobQueue
import Logging
import Postgres
import PostgresTesting
import ServerTesting
import Testing

@testable import JobQueuePostgres

@Suite struct MinuteStatisticsTests {
    private struct Trouble: Error {}

    private static func job(_ kind: String = "probe", waited: Duration = .milliseconds(20)) -> ClaimedJob {
        ClaimedJob(
            lease: JobLease(jobID: JobID(rawValue: 1), token: 1), kind: kind, queue: "probes", arguments: "{}",
            attempt: 1, maxAttempts: 3, timeout: .seconds(30), waited: waited)
    }

    private static func ending(_ action: JobEnding.Action, ran: Duration = .milliseconds(5)) -> JobEnding {
        JobEnding(job: self.job(), action: action, ran: ran, costMicros: 7)
    }

    private static func statistics(_ fixture: QueueFixture, _ name: String = "host/1/test") -> MinuteStatistics {
        MinuteStatistics(database: fixture.database, name: name, logger: QueueFixture.logger)
    }

    /// Moves everything into the last finished minute, which is the first that readers look at.
    private static func finishMinute(_ fixture: QueueFixture) async throws {
        try await fixture.database.execute(
            "UPDATE lectern.stat_minute SET minute = date_trunc('minute', now()) - interval '1 minute'")
    }

    @Test func everyRunOfAWorkerIsCountedOnce() async throws {
        try await withQueue { fixture in
            let statistics = Self.statistics(fixture)
            var registry = JobRegistry<JobTransaction>()
            registry.register(
                ProbeHandler { probe, context in
                    switch probe.name {
                    case "good": return JobOutcome(costMicros: 25)
                    case "bad": throw JobError.permanent("bad_input", "no good")
                    case "flaky" where context.attempt == 1: throw Trouble()
                    default: return JobOutcome()
                    }
                })
            var configuration = WorkerConfiguration(name: "test", concurrency: ["probes": 4])
            configuration.pollInterval = .milliseconds(50)
            let worker = Worker(
                store: fixture.store, registry: registry, configuration: configuration,
                observer: WorkerObserverGroup(SilentWorkerObserver(), statistics), logger: QueueFixture.logger)
            let names = Array(repeating: "good", count: 50) + Array(repeating: "flaky", count: 10) + ["bad"]
            _ = try await fixture.queue.enqueue(all: names.map { Probe(name: $0) })
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await worker.run() }
                try await Deadline.poll("all jobs to end") {
                    let (done, dead) = (
                        try await fixture.count("lectern.done"), try await fixture.count("lectern.dead")
                    )
                    return done == 60 && dead == 1
                }
                group.cancelAll()
            }
            await statistics.flush()
            try await Self.finishMinute(fixture)
            let total = try await QueueStatistics(database: fixture.database).total(of: "probes", minutes: 1)
            let counts = try #require(total?.counts)
            #expect(
                counts == RunCounts(started: 71, succeeded: 60, retried: 10, discarded: 1, costMicros: 50 * 25))
            #expect(total?.runs.count == 71)
            #expect(total?.waits.count == 71)
            #expect(total?.perSecond(\.started) == 71.0 / 60)
        }
    }

    @Test func aPutOffRunIsNoRunTimeAndARefusedEndIsCounted() {
        var tally = RunTally()
        tally.ended(Self.ending(.snooze(.seconds(1))))
        tally.ended(Self.ending(.release))
        tally.refused(Self.ending(.succeed(result: nil)))
        #expect(tally.entries.map(\.counts) == [RunCounts(snoozed: 1, released: 1, fenced: 1)])
        #expect(tally.entries[0].runs.count == 0)
        #expect(tally.take().count == 1)
        #expect(tally.entries.isEmpty)
    }

    @Test func aFailedLastRunCountsAsTheStoreCountsIt() {
        var tally = RunTally()
        var ending = Self.ending(.retry(after: .seconds(1)))
        ending.job.attempt = 3
        tally.ended(ending)
        #expect(tally.entries[0].counts.discarded == 1)
    }

    @Test func aReportWrittenTwiceIsAddedOnceAndTheNextOneIsAdded() async throws {
        try await withQueue { fixture in
            var tally = RunTally()
            tally.started(Self.job())
            tally.ended(Self.ending(.succeed(result: nil)))
            var report = MinuteBacklog.Report(minute: 29_000_000, part: 1, entries: tally.entries)
            for _ in 0..<2 { try await fixture.database.execute(.add(report, from: "a")) }
            report.part = 2
            try await fixture.database.execute(.add(report, from: "a"))
            let row = try await fixture.database.queryOne(
                "SELECT started, cost_micros, run_ms, count(*) OVER () AS n FROM lectern.stat_minute")
            #expect(try row?.decode("n") == 1)
            #expect(try row?.decode("started") == 2)
            #expect(try row?.decode("cost_micros") == 14)
            #expect(try row?.decode("run_ms") == [5, 1, 5, 1] as [Int32])
        }
    }

    @Test func whatCannotBeWrittenWaitsAndIsThereLater() async throws {
        try await withQueue { fixture in
            let statistics = Self.statistics(fixture)
            statistics.started(Self.job())
            try await fixture.database.execute("ALTER TABLE lectern.stat_minute RENAME TO away")
            await statistics.flush()
            try await fixture.database.execute("ALTER TABLE lectern.away RENAME TO stat_minute")
            statistics.started(Self.job())
            await statistics.flush()
            #expect(
                try await fixture.database.queryOne("SELECT sum(started) AS n FROM lectern.stat_minute")?.decode("n")
                    == 2)
        }
    }

    @Test func manyProcessesAndMinutesMergeIntoOneHistogram() async throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        try await withQueue { fixture in
            var all: [Int64] = []
            for minute in 1...3 {
                for process in 0..<4 {
                    var tally = RunTally()
                    for _ in 0..<500 {
                        // Spread over the whole range, evenly in its logarithm.
                        let milliseconds = Int64(exp2Whole(Double.random(in: 0...21, using: &generator)))
                        all.append(milliseconds)
                        tally.ended(Self.ending(.succeed(result: nil), ran: .milliseconds(milliseconds)))
                    }
                    let now: Int64 =
                        try await fixture.database.queryOne(
                            "SELECT floor(extract(epoch FROM now()) / 60)::int8 AS n")?.decode("n") ?? 0
                    let report = MinuteBacklog.Report(minute: now - Int64(minute), part: 1, entries: tally.take())
                    try await fixture.database.execute(.add(report, from: "process \(process)"))
                }
            }
            // A minute may begin between the writes and the read.
            let total = try await QueueStatistics(database: fixture.database).total(of: "probes", minutes: 5)
            let runs = try #require(total?.runs)
            #expect(runs.count == all.count)
            all.sort()
            for percentile in [50.0, 90, 99] {
                let exact = Double(all[Int((Double(all.count) * percentile / 100).rounded(.up)) - 1])
                let found = runs.value(at: percentile) / .milliseconds(1)
                #expect(
                    abs(found - exact) <= exact * 0.01 + 1, "p\(percentile) is \(found), not \(exact), seed \(seed)")
            }
        }
    }

    @Test func aHistogramSurvivesItsPairs() {
        var histogram = DurationHistogram()
        for milliseconds in [0, 1, 1, 250, 100_000, 3_600_000, 90_000_000] {
            histogram.record(.milliseconds(milliseconds))
        }
        let read = DurationHistogram(pairs: histogram.pairs)
        #expect(read.pairs == histogram.pairs)
        #expect(read.count == 7)
        // What is longer than an hour counts as an hour, to two digits.
        #expect(read.value(at: 100) > .seconds(3_560))
        #expect(DurationHistogram().value(at: 99) == .zero)
    }

    @Test func countsBelongToTheDatabasesMinute() throws {
        let start = ContinuousClock().now
        var backlog = MinuteBacklog(now: start)
        #expect(backlog.untilNextMinute(now: start) == nil)
        // 40 s into minute 100.
        backlog.set(databaseTime: .seconds(100 * 60 + 40), now: start)
        #expect(backlog.untilNextMinute(now: start + .seconds(5)) == .seconds(15))
        var tally = RunTally()
        tally.started(Self.job())
        // A take that comes late still belongs to the minute that it mostly covers.
        _ = backlog.file(tally.entries, now: start + .seconds(20))
        _ = backlog.file(tally.entries, now: start + .seconds(83))
        _ = backlog.file([], now: start + .seconds(140))
        #expect(backlog.reports.map(\.minute) == [100, 101])
        #expect(backlog.reports.map(\.part) == [1, 2])
        backlog.written(backlog.reports[0])
        #expect(backlog.reports.map(\.part) == [2])
        for second in 0..<MinuteBacklog.limit {
            let lost = backlog.file(tally.entries, now: start + .seconds(200 + 60 * second))
            #expect(lost == (second == MinuteBacklog.limit - 1 ? 1 : 0))
        }
    }

    @Test func everyDayHasItsPartitionAndADayWithoutOneLosesNothing() async throws {
        try await withQueue { fixture in
            let row = try await fixture.database.queryOne(
                """
                SELECT count(*) AS n FROM pg_inherits WHERE inhparent = 'lectern.stat_minute'::regclass
                """)
            #expect(try row?.decode("n") == 5)
            #expect(
                try await fixture.database.queryOne("SELECT lectern.ensure_partitions(4) AS n")?.decode("n") == 4)
            try await fixture.database.execute(
                """
                INSERT INTO lectern.stat_minute (minute, queue, kind, source, part)
                VALUES (now() - interval '30 days', 'q', 'k', 's', 1)
                """)
            #expect(try await fixture.count("lectern.stat_minute_default") == 1)
            // Nobody reads it after its retention, and whole days go as whole partitions.
            try await fixture.database.execute("UPDATE lectern.stat_minute SET minute = now() - interval '40 days'")
            try await fixture.database.execute(
                """
                CREATE TABLE lectern.stat_minute_20200101 PARTITION OF lectern.stat_minute
                FOR VALUES FROM ('2020-01-01 00:00Z') TO ('2020-01-02 00:00Z')
                """)
            try await QueueUpkeep(database: fixture.database).makePartitions()
            #expect(try await fixture.count("lectern.stat_minute") == 0)
            #expect(
                try await QueueUpkeep(database: fixture.database).dropOldPartitions() == ["stat_minute_20200101"])
        }
    }
}

/// Two to the power of a number, to a whole number.
private func exp2Whole(_ exponent: Double) -> Double {
    let whole = exponent.rounded(.down)
    return ((1 + exponent - whole) * Double(1 << Int(whole))).rounded()
}
