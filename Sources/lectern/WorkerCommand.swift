import ArgumentParser
import JobQueue
import JobQueuePostgres
import Operators

struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Look at the worker processes, quiet them, stop them.",
        discussion: """
            EXAMPLES
              lectern worker list
              lectern worker quiet 17       claims nothing more and stays
              lectern worker resume 17      claims again
              lectern worker stop 17        finishes what it runs, hands back the rest, and leaves

            A worker hears of a wish at its next heartbeat, within a few seconds.
            """,
        subcommands: [List.self, Quiet.self, Resume.self, Stop.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Every registered worker process.")
        @OptionGroup var database: DatabaseSession
        @Option(help: "How to print it.") var output = OutputFormat.text

        func run() async throws {
            let workers = try await self.database.with { database, _ in
                try await WorkerControl(database: database).list()
            }
            switch self.output {
            case .json: try Terminal.put(json: workers.map(WorkerReport.init))
            case .text:
                if workers.isEmpty { Terminal.say("no worker is registered") }
                for worker in workers.map(WorkerReport.init) {
                    Terminal.put(
                        [
                            worker.id, worker.name, worker.queues.joined(separator: ","),
                            "\(worker.running)/\(worker.slots)", worker.state, "\(worker.silentMs) ms ago",
                        ].joined(separator: "\t"))
                }
            }
        }
    }

    /// The worker that a verb is about.
    struct Target: ParsableArguments {
        @OptionGroup var database: DatabaseSession
        @Argument(help: "The worker's id, as `worker list` prints it.") var id: Int64

        func wish(_ wish: WorkerWish?) async throws {
            let id = self.id
            let act = OperatorAct("worker.\(wish?.rawValue ?? "resume")", on: "worker \(id)")
            let isKnown = try await self.database.acting(act) { database, _ in
                try await WorkerControl(database: database).wish(wish, of: WorkerID(rawValue: id))
            }
            guard isKnown else { throw CommandFailure(.notFound, "there is no worker \(id)") }
        }
    }

    struct Quiet: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let it claim nothing more, and stay.")
        @OptionGroup var target: Target

        func run() async throws {
            try await self.target.wish(.quiet)
            Terminal.put("worker \(self.target.id) will claim nothing more")
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a quiet worker claim again.")
        @OptionGroup var target: Target

        func run() async throws {
            try await self.target.wish(nil)
            Terminal.put("worker \(self.target.id) will claim again")
        }
    }

    struct Stop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let it drain and leave.")
        @OptionGroup var target: Target

        func run() async throws {
            try await self.target.wish(.stop)
            Terminal.put("worker \(self.target.id) will drain and leave")
        }
    }
}

/// A worker as JSON.
struct WorkerReport: Encodable {
    var id: String
    var name: String
    var queues: [String]
    var slots: Int
    var running: Int
    var state: String
    /// Since its last heartbeat.
    var silentMs: Int

    init(_ worker: WorkerEntry) {
        self.id = worker.id.description
        self.name = worker.name
        self.queues = worker.queues
        self.slots = worker.slots
        self.running = worker.running
        self.silentMs = Int(worker.heartbeatAge / .milliseconds(1))
        self.state =
            switch worker.wish {
            case .stop: worker.isDraining ? "draining" : "told to stop"
            case .quiet: worker.isDraining ? "draining" : "quiet"
            case nil: worker.isDraining ? "draining" : "working"
            }
    }
}
