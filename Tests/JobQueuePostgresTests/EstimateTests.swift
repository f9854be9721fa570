import JobQueue
import Postgres
import PostgresTesting
import Testing

@testable import JobQueuePostgres

@Suite struct EstimateTests {
    private static func job(
        _ state: JobSnapshot.State, ahead: Int? = nil, runsIn: Duration? = nil, ranFor: Duration? = nil
    ) -> JobSnapshot {
        JobSnapshot(
            id: JobID(rawValue: 1), state: state, queue: "probes", attempt: 0, position: ahead, runsIn: runsIn,
            ranFor: ranFor)
    }

    private static let pace = QueuePace(
        meanRun: .seconds(10), runDeviation: .seconds(2), shortRun: .seconds(7), longRun: .seconds(14), slots: 4,
        running: 4)

    @Test func aJobBehindOthersWaitsForItsShareOfTheEnds() throws {
        let estimate = try #require(JobEstimate(of: Self.job(.ready, ahead: 39), at: Self.pace))
        #expect(estimate.position == 39)
        #expect(estimate.slots == 4)
        let (start, end) = (try #require(estimate.start), try #require(estimate.end))
        // 40 runs of 10 s have to end in 4 slots.
        #expect(start.expected == .seconds(100))
        #expect(start.range.contains(.seconds(95)) && start.range.contains(.seconds(105)))
        #expect(start.range.lowerBound >= .seconds(85) && start.range.upperBound <= .seconds(115))
        #expect(end.expected == .seconds(110))
        #expect(end.range.lowerBound == start.range.lowerBound + .seconds(7))
        #expect(end.range.upperBound == start.range.upperBound + .seconds(14))
    }

    @Test func aFreeSlotMeansNoWait() throws {
        var pace = Self.pace
        pace.running = 1
        let estimate = try #require(JobEstimate(of: Self.job(.ready, ahead: 2), at: pace))
        #expect(estimate.start?.range == .zero ... .zero)
        #expect(estimate.end?.expected == .seconds(10))
    }

    @Test func aRunUnderWayHasWhatIsLeftOfIt() throws {
        let estimate = try #require(JobEstimate(of: Self.job(.running, ranFor: .seconds(4)), at: Self.pace))
        #expect(estimate.start?.expected == .zero)
        #expect(estimate.end?.expected == .seconds(6))
        #expect(estimate.end?.range == .zero ... .seconds(10))
        let overdue = try #require(JobEstimate(of: Self.job(.running, ranFor: .seconds(60)), at: Self.pace))
        #expect(overdue.end?.range == .zero ... .zero)
    }

    @Test func aScheduledJobStartsNoEarlierThanItMay() throws {
        let estimate = try #require(JobEstimate(of: Self.job(.scheduled, runsIn: .seconds(300)), at: Self.pace))
        #expect(estimate.start?.range.lowerBound == .seconds(300))
        #expect(estimate.end?.expected == .seconds(310))
    }

    @Test func nothingIsPromisedWhereNoPaceTells() throws {
        #expect(JobEstimate(of: Self.job(.succeeded), at: Self.pace) == nil)
        #expect(try #require(JobEstimate(of: Self.job(.blocked), at: Self.pace)).start == nil)
        var deserted = Self.pace
        deserted.slots = 0
        #expect(try #require(JobEstimate(of: Self.job(.ready, ahead: 0), at: deserted)).end == nil)
    }

    @Test func thePaceComesFromTheRollUpsOrElseFromTheLastEnds() async throws {
        try await withQueue { fixture in
            #expect(try await fixture.inspector.pace(of: "probes") == QueuePace(meanRun: .seconds(1), slots: 0))
            try await fixture.database.execute(
                """
                INSERT INTO lectern.done (job_id, kind, queue, outcome, attempt, wait_ms, run_ms)
                SELECT n, 'probe', CASE WHEN n % 2 = 0 THEN 'probes' ELSE 'others' END, 'succeeded', 1, 0,
                       CASE WHEN n % 2 = 0 THEN 200 ELSE 9000 END FROM generate_series(1, 40) AS n
                """)
            #expect(try await fixture.inspector.pace(of: "probes").meanRun == .milliseconds(200))
            try await fixture.database.execute(
                """
                INSERT INTO lectern.stat_minute (minute, queue, kind, source, part, run_ms)
                VALUES (date_trunc('minute', now()) - interval '2 minutes', 'probes', 'probe', 'a', 1, '{100,30}'),
                       (date_trunc('minute', now()) - interval '3 minutes', 'probes', 'other', 'b', 1, '{300,10}')
                """)
            let pace = try await fixture.inspector.pace(of: "probes")
            #expect(abs(pace.meanRun / .milliseconds(1) - 150) < 2)
            #expect(abs(pace.longRun / .milliseconds(1) - 300) < 3)
        }
    }

    @Test func onlyWorkersThatClaimCountAndTheLimitsOfTheQueueHold() async throws {
        try await withQueue { fixture in
            for (name, slots) in [("a", 4), ("b", 8), ("c", 16), ("d", 32)] {
                _ = try await fixture.store.register(WorkerDescription(name: name, queues: ["probes"], slots: slots))
            }
            try await fixture.database.execute("UPDATE lectern.worker SET wish = 'quiet' WHERE name = 'b'")
            try await fixture.database.execute("UPDATE lectern.worker SET draining = true WHERE name = 'c'")
            try await fixture.database.execute(
                "UPDATE lectern.worker SET seen_at = now() - interval '1 minute' WHERE name = 'd'")
            #expect(try await fixture.inspector.pace(of: "probes").slots == 4)
            try await fixture.database.execute("INSERT INTO lectern.queue_control (queue, slots) VALUES ('probes', 6)")
            #expect(try await fixture.inspector.pace(of: "probes").slots == 6)
            try await fixture.database.execute("UPDATE lectern.queue_control SET max_running = 2")
            #expect(try await fixture.inspector.pace(of: "probes").slots == 2)
        }
    }

    @Test func aWaitingJobIsToldWhenItWillStart() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            _ = try await fixture.queue.enqueue(all: (0..<5).map { Probe(name: "\($0)") })
            _ = try await fixture.claim(1, worker: worker)
            _ = try await fixture.store.heartbeat(worker, running: 1, isDraining: false)
            let id = try await fixture.queue.enqueue(Probe(name: "last")).id
            let estimate = try #require(try await fixture.inspector.estimate(of: id))
            #expect(estimate.position == 4)
            // Nothing is known of the queue, so a run is taken to last a second.
            #expect(estimate.start?.expected == .seconds(5))
            _ = try await fixture.inspector.cancel(id)
            #expect(try await fixture.inspector.estimate(of: id) == nil)
        }
    }
}
