import ArgumentParser
import Foundation
import JobQueuePostgres
import Postgres

/// Enqueues one job at a time on an idle queue, so that the time to its start can be told from a worker's trace.
struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe", abstract: "Enqueues jobs one by one with pauses and notes when each was committed.")

    @Option(help: "How many jobs.") var n: Int
    @Option(name: .customLong("gap-ms"), help: "The mean pause before a job, in milliseconds.") var gap: Double
    @Option(help: "The file for the lines `<n> <ns before the call> <ns after the commit>`.") var out: String

    func validate() throws {
        guard self.n > 0 else { throw ValidationError("--n must be positive") }
        guard self.gap >= 0 else { throw ValidationError("--gap-ms must not be negative") }
    }

    func run() async throws {
        try await QueueBench.withDatabase("probe", connections: 2) { database in
            let queue = PostgresJobQueue(database: database, logger: QueueBench.logger)
            _ = try await database.query("SELECT 1")
            var generator = SystemRandomNumberGenerator()
            var lines = ""
            for n in 1...self.n {
                try await Task.sleep(
                    for: .milliseconds(self.gap) * Double.random(in: 0.5...1.5, using: &generator))
                let before = epochNanoseconds()
                _ = try await queue.enqueue(NoOp(n: n))
                lines += "\(n) \(before) \(epochNanoseconds())\n"
            }
            try await queue.sendLastWakeUp()
            try Data(lines.utf8).write(to: URL(fileURLWithPath: self.out))
        }
    }
}
