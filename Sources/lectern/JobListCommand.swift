import ArgumentParser
import JobQueue
import JobQueuePostgres

struct JobListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The newest jobs that match.",
        discussion: """
            EXAMPLES
              lectern job list --state dead
              lectern job list --queue personalize --state running
              lectern job list --kind embed_lesson --limit 200 --output json
            """)
    @OptionGroup var database: DatabaseSession
    @Option(help: "Only of this queue.") var queue: String?
    @Option(help: "Only of this kind.") var kind: String?
    @Option(help: "Only in this state: \(StateArgument.names).") var state: StateArgument?
    @Option(help: "How many, from 1 to \(JobList.maximumLimit).") var limit = 50
    @Option(help: "How to print it.") var output = OutputFormat.text

    func validate() throws {
        guard (1...JobList.maximumLimit).contains(self.limit) else {
            throw ValidationError("--limit takes a number from 1 to \(JobList.maximumLimit)")
        }
    }

    func run() async throws {
        let filter = JobListFilter(queue: self.queue, kind: self.kind, state: self.state?.state)
        let limit = self.limit
        let jobs = try await self.database.with { database, _ in
            try await JobList(database: database).jobs(filter, limit: limit)
        }
        switch self.output {
        case .json: try Terminal.put(json: jobs.map(Report.init))
        case .text:
            if jobs.isEmpty { Terminal.say("no job matches") }
            for job in jobs.map(Report.init) {
                Terminal.put(
                    [
                        job.id, job.state, job.queue, job.kind, "\(job.attempt)", "\(job.ageMs / 1_000) s",
                        job.gate ?? job.code ?? "",
                    ].joined(separator: "\t"))
            }
        }
    }

    struct Report: Encodable {
        var id: String
        var state: String
        var queue: String
        var kind: String
        var attempt: Int
        var ageMs: Int
        var gate: String?
        var code: String?

        init(_ job: JobListEntry) {
            self.id = job.id.description
            self.state = job.state.rawValue
            self.queue = job.queue
            self.kind = job.kind
            self.attempt = job.attempt
            self.ageMs = Int(job.age / .milliseconds(1))
            self.gate = job.gate
            self.code = job.code
        }
    }
}

/// A job's state by its name.
struct StateArgument: ExpressibleByArgument {
    let state: JobSnapshot.State

    static var names: String {
        [JobSnapshot.State.ready, .scheduled, .blocked, .running, .succeeded, .cancelled, .superseded, .expired, .dead]
            .map(\.rawValue).joined(separator: ", ")
    }

    init?(argument: String) {
        guard let state = JobSnapshot.State(rawValue: argument) else { return nil }
        self.state = state
    }
}
