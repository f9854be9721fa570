import JobQueue
import JobQueuePostgres
import Testing

@Suite struct JobListTests {
    @Test func aListNamesEveryPlaceAJobCanBe() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let list = JobList(database: fixture.database)
            var limited = KindNumberChange()
            limited.maxRunning = .to(1)
            let dead = try await fixture.queue.enqueue(Probe(name: "dead")).id
            let done = try await fixture.queue.enqueue(Probe(name: "done")).id
            let ended = try await fixture.claim(worker: worker)
            _ = try await fixture.store.end([
                JobEnding(job: ended[0], action: .discard, code: "broken"),
                JobEnding(job: ended[1], action: .succeed(result: nil)),
            ])
            try await fixture.control.set(limited, ofKind: "probe", in: "probes")
            let running = try await fixture.queue.enqueue(Probe(name: "running")).id
            let blocked = try await fixture.queue.enqueue(Probe(name: "blocked")).id
            _ = try await fixture.claim(worker: worker)
            let later = try await fixture.queue.enqueue(
                Probe(name: "later"), options: EnqueueOptions(delay: .seconds(60))
            ).id
            let ready = try await fixture.queue.enqueue(Probe(name: "ready")).id

            let all = try await list.jobs()
            #expect(all.map(\.id) == [ready, later, blocked, running, done, dead])
            #expect(all.map(\.state) == [.ready, .scheduled, .blocked, .running, .succeeded, .dead])
            #expect(all.allSatisfy { $0.kind == "probe" && $0.queue == "probes" })
            #expect(all[2].gate == "kind:probe")
            #expect(all[5].code == "broken")
            for entry in all {
                #expect(try await list.jobs(JobListFilter(state: entry.state)).map(\.id) == [entry.id])
            }
            #expect(try await list.jobs(limit: 2).map(\.id) == [ready, later])
            #expect(try await list.jobs(JobListFilter(kind: "other")).isEmpty)
            #expect(try await list.jobs(JobListFilter(queue: "other")).isEmpty)
        }
    }
}
