import ArgumentParser
import JobQueuePostgres
import ProcessBootstrap

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check what must always hold: the queue's invariants and the content.",
        discussion: """
            May run beside everything else; changes nothing unless told to repair. Exits 0 when all holds, 7 when something is broken; the
            broken invariant or the missing lesson is named.

            EXAMPLES
              lectern verify                 everything
              lectern verify queue           the queue's invariants I1 to I11, needs the database alone
              lectern verify content         lessons against bucket and vectors
              lectern verify content --repair
            """,
        subcommands: [All.self, Queue.self, Content.self], defaultSubcommand: All.self)

    struct All: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "all", abstract: "The queue, then the content.")
        @OptionGroup var options: ProcessOptions
        @Option(help: "How to print the result.") var output = OutputFormat.text

        func run() async throws {
            let output = self.output
            let (queue, content) = try await BackendSession.run(self.options) { backends, settings in
                let queue = QueueReport(try await QueueAudit(database: backends.database).run())
                if output == .text { queue.print() }
                return (queue, try await ContentVerification.run(backends, settings))
            }
            switch self.output {
            case .json: try Terminal.put(json: Report(queue: queue, content: content))
            case .text: ContentVerification.print(content)
            }
            try queue.throwIfBroken()
            try ContentVerification.throwIfIncomplete(content)
        }

        private struct Report: Encodable {
            var queue: QueueReport
            var content: ContentVerification.Report
        }
    }

    struct Queue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "queue", abstract: "The queue's invariants, by reading its tables.")
        @OptionGroup var database: DatabaseSession
        @Option(help: "How to print the result.") var output = OutputFormat.text

        func run() async throws {
            let report = QueueReport(
                try await self.database.with { database, _ in try await QueueAudit(database: database).run() })
            switch self.output {
            case .json: try Terminal.put(json: report)
            case .text: report.print()
            }
            try report.throwIfBroken()
        }
    }

    struct Content: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "content", abstract: "The database against the bucket and the vector server.")
        @OptionGroup var options: ProcessOptions
        @Flag(help: "Put right what is broken, and look again.") var repair = false
        @Flag(help: "Read and hash every text instead of a sample.") var full = false
        @Option(help: "How to print the result.") var output = OutputFormat.text

        func run() async throws {
            let (samples, repairs) = (self.full ? Int.max : 20, self.repair)
            let report = try await BackendSession.run(self.options) {
                try await ContentVerification.run($0, $1, samples: samples, repairs: repairs)
            }
            switch self.output {
            case .json: try Terminal.put(json: report)
            case .text: ContentVerification.print(report)
            }
            try ContentVerification.throwIfIncomplete(report)
        }
    }
}

/// The verdicts on the queue's invariants.
struct QueueReport: Encodable {
    struct Line: Encodable {
        var invariant: String
        var promise: String
        var holds: Bool
        var violations: [String]
    }

    var invariants: [Line]

    init(_ verdicts: [QueueAudit.Verdict]) {
        self.invariants = verdicts.map {
            Line(invariant: $0.invariant, promise: $0.promise, holds: $0.holds, violations: $0.violations)
        }
    }

    func print() {
        for line in self.invariants {
            let name = line.invariant + String(repeating: " ", count: max(0, 4 - line.invariant.count))
            Terminal.put("\(name) \(line.holds ? "holds " : "BROKEN") \(line.promise)")
            for violation in line.violations { Terminal.put("     \(violation)") }
        }
    }

    func throwIfBroken() throws {
        let broken = self.invariants.filter { !$0.holds }.map(\.invariant)
        guard broken.isEmpty else {
            throw CommandFailure(.permanent, "broken: \(broken.joined(separator: ", "))")
        }
    }
}
