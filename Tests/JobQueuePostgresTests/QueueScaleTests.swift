import JobQueue
import JobQueuePostgres
import Postgres
import Testing

@Suite struct QueueScaleTests {
    private static let queues = ["embed", "personalize", "sync", "webhook"]

    @Test func `every queue has a wish from the first moment on`() async throws {
        try await withQueue { fixture in
            let scales = try await QueueScales(database: fixture.database).all()
            #expect(scales.map(\.queue) == Self.queues)
            #expect(scales.allSatisfy { $0.desired == 1 && $0.rule == AutoscaleRule() && $0.load.due == 0 })
        }
    }

    @Test func `what is due raises the wish, and a pause and a limit lower it`() async throws {
        try await withQueue { fixture in
            let read = {
                try #require(try await QueueScales(database: fixture.database).all().first { $0.queue == "probes" })
            }
            try await fixture.database.execute("INSERT INTO lectern.autoscale_rule (queue) VALUES ('probes')")
            _ = try await fixture.queue.enqueue(all: (0..<120).map { Probe(name: "\($0)") })
            // Nothing ran yet, so a run is taken for a second: 120 s of work within 30 s, one slot a process.
            var scale = try await read()
            #expect(scale.load == .init(due: 120, running: 0, meanRun: .seconds(1), perReplica: 1))
            #expect(scale.desired == 4)
            #expect(scale.desired == scale.rule.desired(for: scale.load))

            var change = QueueNumberChange()
            change.slots = .to(2)
            change.maxRunning = .to(3)
            _ = try await fixture.control.set(change, ofQueue: "probes")
            scale = try await read()
            #expect(scale.load.perReplica == 2 && scale.desired == 2)

            try await fixture.control.pause(.queue("probes"))
            scale = try await read()
            #expect(scale.load.due == 0 && scale.desired == 1)
        }
    }

    @Test func `SQL and Swift say the same of any load`() async throws {
        try await withQueue { fixture in
            var generator = SystemRandomNumberGenerator()
            for _ in 0..<500 {
                let low = Int.random(in: 0...5, using: &generator)
                let rule = AutoscaleRule(
                    targetWait: .milliseconds(Int.random(in: 1...60_000, using: &generator)),
                    replicas: low...(low + Int.random(in: 0...30, using: &generator)))
                let load = AutoscaleRule.Load(
                    due: [0, 1, 17, 5_000, 100_000].randomElement(using: &generator) ?? 0,
                    running: Int.random(in: 0...200, using: &generator),
                    meanRun: .milliseconds(Int.random(in: 0...20_000, using: &generator)),
                    perReplica: Int.random(in: 1...64, using: &generator),
                    maxRunning: [nil, 0, 1, 40].randomElement(using: &generator) ?? nil)
                let row = try await fixture.database.queryOne(
                    """
                    SELECT lectern.desired_replicas(
                        \(load.due)::int8, \(load.running)::int8, \(load.meanRun / .milliseconds(1))::float8,
                        \(load.perReplica)::int, \(Int(rule.targetWait / .milliseconds(1)))::int,
                        \(rule.replicas.lowerBound)::int, \(rule.replicas.upperBound)::int,
                        \(load.maxRunning)::int) AS desired
                    """)
                let desired = try #require(row).decode("desired", as: Int.self)
                #expect(desired == rule.desired(for: load), "\(rule) \(load)")
            }
        }
    }
}
