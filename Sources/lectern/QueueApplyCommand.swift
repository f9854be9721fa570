import ArgumentParser
import Foundation
import JobQueue
import JobQueuePostgres
import Operators
import PipelineJobs

struct QueueApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Make the numbers those of the operators' file.",
        discussion: """
            Changes nothing that was set by hand, and nothing when it is repeated. Prints what changed, in the units of
            the tables: milliseconds, days, millionths of the currency.
            """)
    @OptionGroup var database: DatabaseSession
    @Option(help: "The file, instead of the one this program was built with.") var file: String?
    @Option(help: "How to print the result.") var output = OutputFormat.text

    func run() async throws {
        let numbers = try Self.numbers(from: self.file)
        let changes = try await self.database.acting(OperatorAct("queue.apply", on: "queues.yaml")) { database, _ in
            try await QueueControl(database: database).apply(
                numbers, queueOfKind: KnownKinds.queueOfKind, actor: Operator.commandLine.name)
        }
        try Self.put(changes, as: self.output)
    }

    /// Reads a file, or what stands in the program.
    static func numbers(from file: String?) throws -> QueueNumbers {
        guard let file else { return try QueueNumbers.bundled() }
        let yaml: String
        do {
            yaml = try String(contentsOfFile: file, encoding: .utf8)
        } catch {
            throw CommandFailure(.notFound, "\(file) cannot be read: \(error.localizedDescription)")
        }
        do {
            return try QueueNumbers(yaml: yaml, file: file)
        } catch {
            throw CommandFailure(.usage, "\(error)")
        }
    }

    static func put(_ changes: [NumberChange], as output: OutputFormat) throws {
        switch output {
        case .json: try Terminal.put(json: changes)
        case .text:
            if changes.isEmpty { Terminal.put("nothing changed") }
            for change in changes {
                Terminal.put(
                    "\(change.subject)\t\(change.number)\t\(change.was ?? "none") -> \(change.becomes ?? "none")")
            }
        }
    }
}
