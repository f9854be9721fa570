import Foundation
import JobQueue
import JobQueuePostgres
import Postgres
import PostgresTesting
import Testing

@Suite struct PauseTests {
    private static let probes = ControlTarget.queue("probes")
    private static let probeKind = ControlTarget.kind("probe", in: "probes")

    @Test(arguments: [probes, probeKind])
    func nothingIsClaimedAfterAPauseUntilItIsResumed(target: ControlTarget) async throws {
        try await withQueue { fixture in
            let control = fixture.control
            let worker = try await fixture.register()
            _ = try await fixture.queue.enqueue(all: (0..<30).map { Probe(name: "\($0)") })
            #expect(try await fixture.claim(5, worker: worker).count == 5)
            #expect(try await control.pause(target, reason: "repair", actor: "test") == nil)
            #expect(try await fixture.claim(50, worker: worker).isEmpty)
            let pause = try #require(try await control.settings().first { $0.target == target }?.pause)
            #expect(pause.until == nil)
            #expect(pause.reason == "repair")
            #expect(pause.actor == "test")
            #expect(try await control.resume(target))
            #expect(try await fixture.count("lectern.blocked") == 0)
            #expect(try await fixture.claim(50, worker: worker).count == 25)
            #expect(try await control.resume(target) == false)
        }
    }

    @Test(arguments: [probes, probeKind])
    func aPauseWaitsForClaimsUnderWayAndKeepsLaterOnesOut(target: ControlTarget) async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            _ = try await fixture.queue.enqueue(all: (0..<4).map { Probe(name: "\($0)") })
            let isPaused = Flag()
            try await withThrowingTaskGroup(of: Void.self) { group in
                try await fixture.database.withTransaction { connection in
                    // The claim's transaction stays open, as it does on a slow disk.
                    let claimed = try await connection.query(
                        """
                        SELECT job_id FROM lectern.claim('probes', 1, \(worker.rawValue),
                          \(ClaimRequest.noHints))
                        """)
                    #expect(claimed.count == 1)
                    group.addTask {
                        try await fixture.control.pause(target)
                        isPaused.raise()
                    }
                    try await Deadline.poll("the pause to wait for the claim") {
                        try await fixture.count(
                            "pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'") > 0
                    }
                    #expect(isPaused.isRaised == false)
                }
                try await group.waitForAll()
            }
            #expect(try await fixture.count("lectern.lease") == 1)
            #expect(try await fixture.claim(worker: worker).isEmpty)
        }
    }

    @Test func aPauseUnderLoadIsStrict() async throws {
        try await withQueue { fixture in
            _ = try await fixture.queue.enqueue(all: (0..<2_000).map { Probe(name: "\($0)") })
            let claims = Tally()
            let isOver = Flag()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        let worker = try await fixture.register()
                        while !isOver.isRaised {
                            _ = try await fixture.claim(3, worker: worker)
                            claims.add()
                        }
                    }
                }
                defer { isOver.raise() }
                try await Deadline.poll("claims to go on") { try await fixture.count("lectern.lease") > 50 }
                try await fixture.control.pause(Self.probes)
                let held = try await fixture.count("lectern.lease")
                let before = claims.count
                try await Deadline.poll("more claims") { claims.count > before + 40 }
                #expect(try await fixture.count("lectern.lease") == held)
                #expect(held < 2_000)
                isOver.raise()
                try await group.waitForAll()
            }
        }
    }

    @Test func aPauseEndsByItselfAndTheSweepLetsItsKindGo() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            _ = try await fixture.queue.enqueue(all: (0..<3).map { Probe(name: "\($0)") })
            let end = try await fixture.control.pause(Self.probeKind, until: .after(.seconds(3_600)))
            #expect((end ?? .distantPast) > Date(timeIntervalSinceNow: 3_000))
            #expect(try await fixture.claim(worker: worker).isEmpty)
            #expect(try await fixture.count("lectern.blocked") == 3)
            var position = GateSweepPosition()
            #expect(try await fixture.control.sweepGates(&position) == 0)
            try await fixture.control.pause(Self.probeKind, until: .after(.milliseconds(20)))
            try await Deadline.poll("the pause to end") {
                try await fixture.control.sweepGates(&position) == 3
            }
            #expect(try await fixture.claim(worker: worker).count == 3)
        }
    }

    @Test func aQueuesPauseEndsAtItsInstant() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            _ = try await fixture.queue.enqueue(Probe(name: "a"))
            try await fixture.control.pause(Self.probes, until: .at(Date(timeIntervalSinceNow: 3_600)))
            #expect(try await fixture.claim(worker: worker).isEmpty)
            try await fixture.control.pause(Self.probes, until: .at(Date(timeIntervalSinceNow: -1)))
            #expect(try await fixture.claim(worker: worker).count == 1)
        }
    }

    @Test func aDrainWaitsForWhatRunsAndSaysHowFarItIs() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            _ = try await fixture.queue.enqueue(all: (0..<5).map { Probe(name: "\($0)") })
            let jobs = try await fixture.claim(2, worker: worker)
            #expect(try await fixture.control.drain(Self.probes, timeout: .milliseconds(1)) == 2)
            let seen = Record<Int>()
            try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask {
                    try await fixture.control.drain(Self.probes, timeout: .seconds(20)) { progress in
                        seen.add(progress.running)
                    }
                }
                for job in jobs {
                    let running = try await fixture.count("lectern.lease")
                    try await Deadline.poll("the drain to report") { seen.all.last == running }
                    _ = try await fixture.store.end([JobEnding(job: job, action: .succeed(result: nil))])
                }
                #expect(try await group.next() == 0)
            }
            #expect(seen.all.last == 0)
            #expect(seen.all.first == 2)
            #expect(try await fixture.claim(worker: worker).isEmpty)
            #expect(try await fixture.count("lectern.ready") == 3)
        }
    }

    @Test func theOverviewShowsWhatIsBlockedAndPaused() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            _ = try await fixture.queue.enqueue(all: (0..<3).map { Probe(name: "\($0)") })
            try await fixture.control.pause(Self.probeKind)
            _ = try await fixture.claim(worker: worker)
            let overview = QueueOverviewStore(database: fixture.database)
            let kindPaused = try await overview.overview().queues
            #expect(kindPaused.map(\.blocked) == [3])
            #expect(kindPaused.map(\.isPaused) == [false])
            try await fixture.control.pause(Self.probes)
            #expect(try await overview.overview().queues.map(\.isPaused) == [true])
        }
    }
}

extension QueueFixture {
    var control: QueueControl { QueueControl(database: self.database) }
}
