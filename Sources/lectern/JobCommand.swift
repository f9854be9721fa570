import ArgumentParser
import JobQueue
import JobQueuePostgres
import Operators

struct JobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "job", abstract: "Look at jobs, wait for one, stop it, run it again, ask why it does not run.",
        subcommands: [
            Show.self, Wait.self, Cancel.self, JobListCommand.self, JobRetryCommand.self, JobWhyCommand.self,
            JobPlanCommand.self, JobApplyCommand.self,
        ])

    /// The job that a verb is about.
    struct Target: ParsableArguments {
        @OptionGroup var database: DatabaseSession
        @Argument(help: "The job's id.") var id: String

        func jobID() throws -> JobID {
            guard let id = JobID(self.id) else {
                throw ValidationError("\(self.id) is not a job id, which is a positive number")
            }
            return id
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Where the job stands.")
        @OptionGroup var target: Target
        @Option(help: "How to print it.") var output = OutputFormat.text

        func run() async throws {
            let id = try self.target.jobID()
            let found = try await self.target.database.with { database, _ in
                try await JobInspector(database: database).snapshot(of: id)
            }
            guard let job = found else { throw CommandFailure(.notFound, "there is no job \(id)") }
            switch self.output {
            case .json: try Terminal.put(json: JobReport(job))
            case .text:
                Terminal.put("job      \(job.id)\nqueue    \(job.queue)\nstate    \(job.state.rawValue)")
                Terminal.put("attempt  \(job.attempt)")
                if let position = job.position { Terminal.put("ahead    \(position)") }
                if let runsIn = job.runsIn { Terminal.put("runs in  \(runsIn)") }
                if let result = job.result { Terminal.put("result   \(result)") }
                if let code = job.code { Terminal.put("error    \(code): \(job.message ?? "")") }
            }
        }
    }

    struct Wait: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Wait until the job has ended.")
        @OptionGroup var target: Target
        @Option(help: "Seconds to wait at the most.") var timeout = 600

        func run() async throws {
            let (id, timeout) = (try self.target.jobID(), self.timeout)
            let job = try await self.target.database.with { database, _ in
                try await JobWatch(database: database).wait(for: id, timeout: .seconds(timeout))
            }
            Terminal.put(job.result ?? "succeeded")
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Stop the job.")
        @OptionGroup var target: Target

        func run() async throws {
            let id = try self.target.jobID()
            let act = OperatorAct("job.cancel", on: "job \(id)")
            let result = try await self.target.database.acting(act) { database, _ in
                try await JobInspector(database: database).cancel(id, actor: Operator.commandLine.name)
            }
            switch result {
            case .cancelled: Terminal.put("cancelled")
            case .requested: Terminal.put("a worker runs it and was told to stop")
            case .tooLate: throw CommandFailure(.notFound, "job \(id) has ended, or there is none")
            }
        }
    }
}

/// A job as JSON.
struct JobReport: Encodable {
    var id: String
    var queue: String
    var state: String
    var attempt: Int
    var ahead: Int?
    var runsInMs: Int?
    var result: String?
    var code: String?
    var message: String?

    init(_ job: JobSnapshot) {
        self.id = job.id.description
        self.queue = job.queue
        self.state = job.state.rawValue
        self.attempt = job.attempt
        self.ahead = job.position
        self.runsInMs = job.runsIn.map { Int($0 / .milliseconds(1)) }
        self.result = job.result
        self.code = job.code
        self.message = job.message
    }
}
