import Foundation
import JobQueue
import JobQueuePostgres
import Postgres
import ServerTesting
import Testing

/// Drives the pure machine and the tables with the same events and compares them after each.
///
/// `LECTERN_MODEL_SEEDS=5000` runs more seeds; `LECTERN_MODEL_SEED=17` runs one again.
@Suite struct StoreModelTests {
    private static let groups = 3

    private static func seeds(of group: Int) -> [UInt64] {
        let environment = ProcessInfo.processInfo.environment
        if let only = environment["LECTERN_MODEL_SEED"].flatMap(UInt64.init) { return group == 0 ? [only] : [] }
        let count = environment["LECTERN_MODEL_SEEDS"].flatMap(UInt64.init) ?? 300
        return (0..<count).filter { $0 % UInt64(Self.groups) == UInt64(group) }
    }

    @Test(arguments: 0..<groups)
    func theTablesFollowTheMachine(group: Int) async throws {
        let seeds = Self.seeds(of: group)
        guard !seeds.isEmpty else { return }
        try await withQueue { fixture in
            for seed in seeds {
                var life = Life(seed: seed, fixture: fixture, worker: try await fixture.register())
                try await life.run()
            }
            #expect(try await fixture.isConsistent())
            let broken = try await QueueAudit(database: fixture.database).run().filter { !$0.holds }
            #expect(broken.isEmpty, "\(broken)")
        }
    }

    /// One job's life under one seed.
    private struct Life {
        let seed: UInt64
        let fixture: QueueFixture
        var worker: WorkerID
        var generator: SeededGenerator
        var held: [ClaimedJob] = []
        var gateIsShut = false
        var isExpired = false

        init(seed: UInt64, fixture: QueueFixture, worker: WorkerID) {
            self.seed = seed
            self.fixture = fixture
            self.worker = worker
            self.generator = SeededGenerator(seed: seed)
        }

        mutating func run() async throws {
            let delayed = Bool.random(using: &self.generator)
            var model = JobStateMachine(delayed: delayed, maxAttempts: 3)
            let key = Bool.random(using: &self.generator) ? "seed \(self.seed)" : nil
            let id = try await self.fixture.queue.enqueue(
                Probe(name: "\(self.seed)", key: key),
                options: EnqueueOptions(delay: delayed ? .seconds(3_600) : .zero)
            ).id
            for step in 0..<14 {
                let event = Int.random(in: 0..<12, using: &self.generator)
                let place = "seed \(self.seed), step \(step), event \(event)"
                try await self.perform(event, at: step, on: id, &model, place)
                #expect(try await Self.place(of: id, in: self.fixture) == Self.place(of: model.state), "\(place)")
            }
            try await self.leaveNothing(of: id)
        }

        private mutating func perform(
            _ event: Int, at step: Int, on id: JobID, _ model: inout JobStateMachine, _ place: String
        ) async throws {
            switch event {
            case 0, 1, 2:
                let job = try await self.fixture.claim(worker: self.worker).first
                let action = model.claimed(
                    token: job?.lease.token ?? .max, gateIsShut: self.gateIsShut, isExpired: self.isExpired)
                #expect(action == job.map { .run(attempt: $0.attempt) } ?? action.withoutRun, "\(place)")
                if let job { self.held.append(job) }
            case 3:
                try await self.fixture.database.execute(
                    "UPDATE lectern.scheduled SET run_at = now() WHERE job_id = \(id.rawValue)")
                _ = try await self.fixture.store.promoteDue(limit: 10)
                model.becameDue()
            case 4:
                // The holder's worker is taken for dead.
                try await self.fixture.database.execute(
                    "UPDATE lectern.worker SET seen_at = now() - interval '1 hour' WHERE id = \(self.worker.rawValue)")
                _ = try await self.fixture.store.rescue(silence: .seconds(1_800), isThorough: false)
                self.worker = try await self.fixture.register()
                model.workerLost()
            case 5:
                try await self.setGate(shut: !self.gateIsShut)
                if !self.gateIsShut { model.gateOpened() }
            case 6 where step > 9:
                // Only the claim looks at expiry; the flag tells it to.
                try await self.fixture.database.execute(
                    "UPDATE lectern.job SET expires_at = now() WHERE id = \(id.rawValue)")
                for table in ["ready", "scheduled", "blocked", "lease"] {
                    try await self.fixture.database.execute(
                        "UPDATE lectern.\(identifier: table) SET flags = flags | 1 WHERE job_id = \(id.rawValue)")
                }
                self.isExpired = true
            case 7 where step > 8:
                let isSuperseded = Bool.random(using: &self.generator)
                let verdict = try await self.fixture.database.queryOne(
                    "SELECT lectern.cancel(\(id.rawValue), \(isSuperseded ? "superseded" : "cancelled"), 'test') AS v")
                let expected = model.cancelRequested(isSuperseded: isSuperseded)
                #expect(try verdict?.decode("v") == expected.word, "\(place)")
            default:
                guard let job = self.held.randomElement(using: &self.generator) else { return }
                let actions: [JobEnding.Action] = [
                    .succeed(result: nil), .retry(after: .zero), .retry(after: .seconds(60)), .snooze(.seconds(60)),
                    .release, .discard, .cancel,
                ]
                let action = actions[Int.random(in: 0..<(step > 9 ? 7 : 5), using: &self.generator)]
                if case .succeed = action, step < 6 { return }
                let report = try await self.fixture.store.end([JobEnding(job: job, action: action, code: "c")])
                let expected = model.ended(token: job.lease.token, action: action)
                #expect(report.accepted.contains(job.lease.jobID) == (expected == .write), "\(place)")
            }
        }

        private mutating func setGate(shut: Bool) async throws {
            self.gateIsShut = shut
            try await self.fixture.database.execute(
                """
                INSERT INTO lectern.kind_control (kind, queue, max_running) VALUES ('probe', 'probes', \(shut ? 0 : 1000))
                ON CONFLICT (kind) DO UPDATE SET max_running = excluded.max_running
                """)
            if !shut { _ = try await self.fixture.database.query("SELECT lectern.open_gate('kind:probe', 10)") }
        }

        /// The next seed must not meet this seed's job.
        private mutating func leaveNothing(of id: JobID) async throws {
            try await self.setGate(shut: false)
            _ = try await self.fixture.inspector.cancel(id)
            if !self.held.isEmpty {
                _ = try await self.fixture.store.end(self.held.map { JobEnding(job: $0, action: .cancel) })
            }
            #expect(try await self.fixture.inspector.snapshot(of: id)?.isFinal == true, "seed \(self.seed)")
        }

        private static func place(of state: JobStateMachine.State) -> String {
            switch state {
            case .ready(let spent): "ready \(spent)"
            case .scheduled(let spent): "scheduled \(spent)"
            case .blocked(let spent): "blocked \(spent)"
            case .running(let attempt, _): "running \(attempt)"
            case .succeeded: "succeeded"
            case .dead: "dead"
            case .cancelled: "cancelled"
            case .superseded: "superseded"
            case .expired: "expired"
            }
        }

        private static func place(of id: JobID, in fixture: QueueFixture) async throws -> String {
            guard let job = try await fixture.inspector.snapshot(of: id) else { return "nowhere" }
            return job.isFinal ? job.state.rawValue : "\(job.state.rawValue) \(job.attempt)"
        }
    }
}

extension JobStateMachine.ClaimAction {
    /// What the machine says when the store handed out nothing: anything but a run.
    fileprivate var withoutRun: JobStateMachine.ClaimAction {
        if case .run = self { .skip } else { self }
    }
}

extension JobStateMachine.CancelAction {
    /// The database's word for it.
    fileprivate var word: String {
        switch self {
        case .cancelled: "cancelled"
        case .askWorker: "requested"
        case .tooLate: "too_late"
        }
    }
}
