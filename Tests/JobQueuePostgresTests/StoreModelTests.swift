import JobQueue
import JobQueuePostgres
import Postgres
import ServerTesting
import Testing

/// Drives the pure machine and the tables with the same events and compares them after each.
@Suite struct StoreModelTests {
    @Test(arguments: 0..<12 as Range<UInt64>)
    func theTablesFollowTheMachine(seed: UInt64) async throws {
        try await withQueue { fixture in
            var generator = SeededGenerator(seed: seed)
            for round in 0..<6 {
                let delayed = Bool.random(using: &generator)
                var model = JobStateMachine(delayed: delayed, maxAttempts: 3)
                let id = try await fixture.queue.enqueue(
                    Probe(name: "\(round)"), options: EnqueueOptions(delay: delayed ? .seconds(3_600) : .zero)
                ).id
                var held: [ClaimedJob] = []
                for step in 0..<14 {
                    let event = Int.random(in: 0..<9, using: &generator)
                    let place = "seed \(seed), round \(round), step \(step), event \(event)"
                    switch event {
                    case 0, 1:
                        let worker = try await fixture.register()
                        if let job = try await fixture.claim(worker: worker).first {
                            #expect(model.claimed(token: job.lease.token) == .run(attempt: job.attempt), "\(place)")
                            held.append(job)
                        } else {
                            #expect(model.claimed(token: .max) == .skip, "\(place)")
                        }
                    case 2:
                        try await fixture.database.execute("UPDATE lectern.scheduled SET run_at = now()")
                        _ = try await fixture.store.promoteDue(limit: 10)
                        model.becameDue()
                    case 3:
                        // The last holder's worker is taken for dead.
                        try await fixture.database.execute(
                            "UPDATE lectern.worker SET seen_at = now() - interval '1 hour'")
                        _ = try await fixture.store.rescue(silence: .seconds(12), isThorough: true)
                        model.workerLost()
                    case 4 where step > 8:
                        let result = try await fixture.inspector.cancel(id)
                        let expected = model.cancelRequested()
                        #expect(
                            result
                                == (expected == .cancelled
                                    ? .cancelled : expected == .askWorker ? .requested : .tooLate),
                            "\(place)")
                    default:
                        guard let job = held.randomElement(using: &generator) else { continue }
                        let actions: [JobEnding.Action] = [
                            .succeed(result: nil), .retry(after: .zero), .retry(after: .seconds(60)),
                            .snooze(.seconds(60)), .release, .discard, .cancel,
                        ]
                        let action = actions[Int.random(in: 0..<(step > 9 ? 7 : 5), using: &generator)]
                        if case .succeed = action, step < 6 { continue }
                        let ended = try await fixture.store.end([JobEnding(job: job, action: action, code: "c")])
                        let expected = model.ended(token: job.lease.token, action: action)
                        #expect(ended.accepted.contains(job.lease.jobID) == (expected == .write), "\(place)")
                    }
                    #expect(try await Self.place(of: id, in: fixture) == Self.place(of: model.state), "\(place)")
                }
                #expect(try await fixture.isConsistent(), "seed \(seed), round \(round)")
                // The next round must not meet this round's job.
                _ = try await fixture.database.execute("DELETE FROM lectern.ready")
                _ = try await fixture.database.execute("DELETE FROM lectern.scheduled")
                _ = try await fixture.database.execute("DELETE FROM lectern.lease")
                _ = try await fixture.database.execute("DELETE FROM lectern.done")
                _ = try await fixture.database.execute("DELETE FROM lectern.dead")
                _ = try await fixture.database.execute("DELETE FROM lectern.flight")
                _ = try await fixture.database.execute("DELETE FROM lectern.job")
            }
        }
    }

    private static func place(of state: JobStateMachine.State) -> String {
        switch state {
        case .ready(let spent): "ready \(spent)"
        case .scheduled(let spent): "scheduled \(spent)"
        case .running(let attempt, _): "running \(attempt)"
        case .succeeded: "succeeded"
        case .dead: "dead"
        case .cancelled: "cancelled"
        }
    }

    private static func place(of id: JobID, in fixture: QueueFixture) async throws -> String {
        guard let job = try await fixture.inspector.snapshot(of: id) else { return "nowhere" }
        switch job.state {
        case .ready, .scheduled, .running: return "\(job.state.rawValue) \(job.attempt)"
        case .succeeded, .dead, .cancelled, .blocked, .superseded, .expired: return job.state.rawValue
        }
    }
}
