import ArgumentParser
import JobQueue
import JobQueuePostgres
import Operators
import ProcessBootstrap

struct JobRetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Run a dead letter again, with all its attempts.",
        discussion: "Exits 3 when there is no such letter, 7 when its time is over.")
    @OptionGroup var target: JobCommand.Target

    func run() async throws {
        let id = try self.target.jobID()
        let result = try await self.target.database.acting(OperatorAct("job.retry", on: "job \(id)")) {
            database, process in
            let queue = PostgresJobQueue(database: database, logger: process.logger)
            return try await DeadLetters(database: database, queue: queue).redrive(id, actor: Operator.commandLine.name)
        }
        switch result {
        case .redriven: Terminal.put("job \(id) will run again")
        case .joined: Terminal.put("another job does this work; the letter is closed")
        case .superseded: Terminal.put("a newer version exists; the letter is closed")
        case .expired: throw CommandFailure(.permanent, "the time of job \(id) is over; it stays a dead letter")
        case .unknown: throw CommandFailure(.notFound, "there is no dead letter \(id)")
        }
    }
}
