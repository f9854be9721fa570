import ArgumentParser
import JobQueue
import JobQueuePostgres
import Operators
import ProcessBootstrap

/// What is done to many jobs, and which.
struct BulkSelection: ParsableArguments {
    @Argument(help: "retry (dead letters run again), cancel (what waits or runs is stopped), discard (dead letters).")
    var action: BulkActionArgument
    @Option(help: "Only of this queue.") var queue: String?
    @Option(help: "Only of this kind.") var kind: String?
    @Option(help: "Only in this state: \(StateArgument.names).") var state: StateArgument?
    @Option(help: "Only with this error, such as model_failed.") var code: String?

    var filter: JobListFilter {
        JobListFilter(queue: self.queue, kind: self.kind, state: self.state?.state, code: self.code)
    }
}

/// A bulk action by its name.
struct BulkActionArgument: ExpressibleByArgument {
    let action: BulkAction

    static var allValueStrings: [String] { BulkAction.allCases.map(\.rawValue) }

    init?(argument: String) {
        guard let action = BulkAction(rawValue: argument) else { return nil }
        self.action = action
    }
}

struct JobPlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Say what an act on many jobs would do, and change nothing.",
        discussion: """
            EXAMPLES
              lectern job plan retry --queue embed
              lectern job plan cancel --kind personalize_lesson --state ready

            Its last line is the command that does it. At most \(BulkPlan.maximumCount) jobs are in one plan.
            """)
    @OptionGroup var database: DatabaseSession
    @OptionGroup var selection: BulkSelection
    @Option(help: "How to print it.") var output = OutputFormat.text

    func run() async throws {
        let (action, filter) = (self.selection.action.action, self.selection.filter)
        let plan = try await self.database.steering { try await $0.plan(action, filter) }
        switch self.output {
        case .json:
            try Terminal.put(
                json: Report(
                    action: action.rawValue, count: plan.jobs.count, isCutOff: plan.isCutOff, hash: plan.hash,
                    sample: plan.jobs.prefix(20).map(JobListCommand.Report.init)))
        case .text:
            for job in plan.jobs.prefix(10) {
                Terminal.put([job.id.description, job.state.rawValue, job.queue, job.kind].joined(separator: "\t"))
            }
            Terminal.put("\(plan.jobs.count)\(plan.isCutOff ? " or more" : "") jobs")
            if !plan.jobs.isEmpty {
                Terminal.say(
                    "lectern job apply \(action.rawValue)\(self.options) --hash \(plan.hash) --reason \"…\"")
            }
        }
    }

    /// The selection as it was typed.
    private var options: String {
        [
            self.selection.queue.map { " --queue \($0)" }, self.selection.kind.map { " --kind \($0)" },
            self.selection.state.map { " --state \($0.state.rawValue)" }, self.selection.code.map { " --code \($0)" },
        ].compactMap(\.self).joined()
    }

    struct Report: Encodable {
        var action: String
        var count: Int
        var isCutOff: Bool
        var hash: String
        var sample: [JobListCommand.Report]
    }
}

struct JobApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Do what was planned.",
        discussion: "Exits 8 and does nothing where other jobs match than in the plan.")
    @OptionGroup var database: DatabaseSession
    @OptionGroup var selection: BulkSelection
    @Option(help: "The hash that `job plan` printed.") var hash: String
    @Option(help: "Why, for the audit log.") var reason: String
    @Option(help: "How to print it.") var output = OutputFormat.text

    func run() async throws {
        let (action, filter, hash, reason) = (
            self.selection.action.action, self.selection.filter, self.hash, self.reason
        )
        let report = try await self.database.steering { actions in
            try await actions.apply(
                action, filter, hash: hash, reason: reason, by: OperatorActions.Hand(.commandLine))
        }
        switch self.output {
        case .json: try Terminal.put(json: ["done": report.done, "skipped": report.skipped])
        case .text: Terminal.put("\(report.done) done, \(report.skipped) had moved on")
        }
    }
}

extension DatabaseSession {
    /// Opens the database for an operator's act, with its errors as exit codes.
    func steering<T: Sendable>(_ body: (OperatorActions) async throws -> T) async throws -> T {
        try await self.with { database, process in
            do {
                return try await body(
                    OperatorActions(
                        database: database, queue: PostgresJobQueue(database: database, logger: process.logger)))
            } catch let error as SteeringError {
                let code: ExitStatus =
                    switch error.code {
                    case .unknown: .notFound
                    case .tooLate: .permanent
                    case .moved: .guarded
                    case .senseless: .usage
                    }
                throw CommandFailure(code, error.message)
            }
        }
    }
}
