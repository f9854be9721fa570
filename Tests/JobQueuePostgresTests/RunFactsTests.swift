import JobQueue
import JobQueuePostgres
import Postgres
import PostgresTesting
import Synchronization
import Testing

/// What a handler says, as the queue acts on it and shows it.
@Suite struct RunFactsTests {
    @Test func theTimeThatTheOtherSideNamedIsWaitedInsteadOfTheBackoff() async throws {
        try await withQueue { fixture in
            let id = try await fixture.enqueue("a").id
            try await fixture.withWorker(perform: { _, _ in
                throw JobError.retry("rate_limited", "too many requests", after: .seconds(600))
            }) {
                try await Deadline.poll("the run to fail") { try await fixture.state(of: id) == .scheduled }
            }
            let snapshot = try await fixture.inspector.snapshot(of: id)
            #expect(snapshot?.attempt == 1)
            #expect(snapshot?.runsIn.map { $0 > .seconds(590) && $0 <= .seconds(600) } == true)
        }
    }

    @Test func theTimeThatTheOtherSideNamedGivesNoFurtherAttempt() async throws {
        try await withQueue { fixture in
            let id = try await fixture.enqueue("a").id
            try await fixture.withWorker(perform: { _, _ in
                throw JobError.retry("rate_limited", "too many requests", after: .milliseconds(1))
            }) {
                try await Deadline.poll("the job to be buried") { try await fixture.state(of: id) == .dead }
            }
            let snapshot = try await fixture.inspector.snapshot(of: id)
            #expect(snapshot?.attempt == 3 && snapshot?.code == "rate_limited")
        }
    }

    @Test func progressIsSeenWhileTheJobRunsAndGoneAfterwards() async throws {
        try await withQueue { fixture in
            let goOn = AsyncStream<Void>.makeStream()
            let id = try await fixture.enqueue("a").id
            try await fixture.withWorker(perform: { _, context in
                await context.report(JobProgress(done: 3, total: 8, stage: "embed"))
                for await _ in goOn.stream { break }
                return JobOutcome(result: #"{"words": 12}"#)
            }) {
                try await Deadline.poll("the progress to be seen") {
                    try await fixture.inspector.snapshot(of: id)?.progress
                        == JobProgress(done: 3, total: 8, stage: "embed")
                }
                goOn.continuation.yield()
                try await Deadline.poll("the job to end") { try await fixture.state(of: id) == .succeeded }
            }
            let snapshot = try await fixture.inspector.snapshot(of: id)
            #expect(snapshot?.progress == nil)
            #expect(snapshot?.result == #"{"words": 12}"#)
        }
    }

    @Test func progressOfALostRunIsRefused() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let id = try await fixture.enqueue("a").id
            let run = try #require(try await fixture.claim(worker: worker).first)
            #expect(try await fixture.store.report(JobProgress(done: 1), of: run.lease))
            try await fixture.end(run, .snooze(.zero))
            let second = try #require(try await fixture.claim(worker: worker).first)
            #expect(try await !fixture.store.report(JobProgress(done: 2), of: run.lease))
            #expect(try await fixture.inspector.snapshot(of: id)?.progress == nil)
            #expect(second.attempt == run.attempt && second.lease.token > run.lease.token)
        }
    }

    @Test func aSnoozeSpendsNoAttemptHoweverOftenItHappens() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let id = try await fixture.enqueue("a").id
            for _ in 0..<10 {
                let run = try #require(try await fixture.claim(worker: worker).first)
                #expect(run.attempt == 1)
                try await fixture.end(run, .snooze(.zero))
            }
            try await fixture.run(.snooze(.seconds(60)), worker: worker)
            let snapshot = try await fixture.inspector.snapshot(of: id)
            #expect(snapshot?.state == .scheduled && snapshot?.attempt == 0)
        }
    }

    @Test func aRunThatOutlivesItsTimeOnTheLastAttemptIsBuriedAsTimedOut() async throws {
        try await withQueue { fixture in
            let id = try await fixture.enqueue("slow").id
            try await fixture.database.execute("UPDATE lectern.job SET timeout_ms = 50, max_attempts = 1")
            try await fixture.withWorker(perform: { _, _ in
                try await Task.sleep(for: .seconds(60))
                return JobOutcome()
            }) {
                try await Deadline.poll("the job to be buried") { try await fixture.state(of: id) == .dead }
            }
            #expect(try await fixture.inspector.snapshot(of: id)?.code == "timed_out")
        }
    }
}
