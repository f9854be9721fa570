import ArgumentParser
import JobQueuePostgres
import Logging
import Postgres

/// Checks the queue's invariants as `lectern verify queue` does; prints `broken …` for what does not hold and `looked`
/// after each look. Where it goes on looking, a server that is away is looked for again.
struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Checks the queue's invariants, once or for ever.")

    @OptionGroup var database: DatabaseOptions

    @Option(help: "Milliseconds between two looks; one look without it.")
    var everyMs: Int?

    func run() async throws {
        let client = self.database.client()
        let audit = QueueAudit(database: client, timeout: .seconds(30))
        while true {
            do {
                try await Self.look(audit)
            } catch let error as PostgresError where self.everyMs != nil {
                DatabaseOptions.logger.info("nobody could look", metadata: ["error": "\(error)"])
            }
            guard let everyMs else { break }
            try await Task.sleep(for: .milliseconds(everyMs))
        }
        await client.close()
    }

    private static func look(_ audit: QueueAudit) async throws {
        let output = Journal(descriptor: 1)
        for verdict in try await audit.run() {
            for violation in verdict.violations {
                output.write(line: "broken \(verdict.invariant) (\(verdict.promise)): \(violation)")
            }
        }
        output.write(line: "looked")
    }
}
