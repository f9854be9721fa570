import ArgumentParser
import Foundation
import JobQueue
import JobQueuePostgres
import Operators
import PipelineJobs

struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "Pause, limit and tune the queues while everything runs.",
        discussion: """
            EXAMPLES
              lectern queue list                                        what waits, what runs, what is set
              lectern queue pause personalize --for 30m --reason "provider is down"
              lectern queue pause --kind embed_lesson --until 2026-12-01T06:00:00Z
              lectern queue resume --kind embed_lesson
              lectern queue drain sync --timeout 5m                     pause and wait until nothing of it runs
              lectern queue set personalize --slots 8 --max-running 20
              lectern queue set --kind embed_lesson --max-running none
              lectern queue set personalize --reset                     back to the operators' file
              lectern queue apply --file queues.yaml                    say and do what the file says
            """,
        subcommands: [
            QueueListCommand.self, Pause.self, Resume.self, QueueDrainCommand.self, QueueSetCommand.self,
            QueueApplyCommand.self,
        ])

    /// The queue or the kind that a verb is about.
    struct Target: ParsableArguments {
        @OptionGroup var database: DatabaseSession
        @Argument(help: "The queue's name.") var queue: String?
        @Option(help: "A kind of job, instead of a whole queue.") var kind: String?

        func control() throws -> ControlTarget {
            switch (self.queue, self.kind) {
            case (let queue?, nil):
                let queues = Set(KnownKinds.queueOfKind.values).sorted()
                guard queues.contains(queue) else {
                    throw ValidationError(
                        "there is no queue \(queue); there are \(queues.joined(separator: ", "))")
                }
                return .queue(queue)
            case (nil, let kind?):
                guard let queue = KnownKinds.queueOfKind[kind] else {
                    throw ValidationError(
                        "there is no kind \(kind); there are "
                            + KnownKinds.queueOfKind.keys.sorted().joined(separator: ", "))
                }
                return .kind(kind, in: queue)
            case (nil, nil), (_?, _?):
                throw ValidationError("name a queue, or a kind with --kind")
            }
        }

        /// Does something to the target, which is written down.
        func acting<T: Sendable>(
            _ action: String, reason: String? = nil, _ body: (QueueControl, ControlTarget) async throws -> T
        ) async throws -> T {
            let target = try self.control()
            let act = OperatorAct(action, on: target.description, reason: reason)
            return try await self.database.acting(act) { database, _ in
                try await body(QueueControl(database: database), target)
            }
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keep a queue or a kind from starting anything.",
            discussion: "Once this returns no worker claims a job of it. What runs goes on.")
        @OptionGroup var target: Target
        @Option(
            name: .customLong("for"), help: "How long, such as 90s, 30m or 2h. Without an end: until it is resumed.")
        var length: DurationArgument?
        @Option(help: "Until when, such as 2026-12-01T06:00:00Z.") var until: InstantArgument?
        @Option(help: "Why, for those who will ask.") var reason: String?
        @Option(help: "How to print the result.") var output = OutputFormat.text

        func validate() throws {
            guard self.length == nil || self.until == nil else { throw ValidationError("give --for or --until") }
        }

        func run() async throws {
            let (reason, length, until) = (self.reason, self.length, self.until)
            let end: QueueControl.PauseEnd =
                if let length { .after(length.duration) } else if let until { .at(until.date) } else { .never }
            let target = try self.target.control()
            let ends = try await self.target.acting("queue.pause", reason: reason) { control, target in
                try await control.pause(
                    target, until: end, reason: reason, actor: Operator.commandLine.name)
            }
            switch self.output {
            case .json: try Terminal.put(json: Report(target: target.description, until: ends))
            case .text:
                Terminal.put(
                    "\(target) is paused " + (ends.map { "until \($0.formatted(.iso8601))" } ?? "until it is resumed"))
            }
        }

        struct Report: Encodable {
            var target: String
            var until: String?

            init(target: String, until: Date?) {
                self.target = target
                self.until = until?.formatted(.iso8601)
            }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End a pause.")
        @OptionGroup var target: Target
        @Option(help: "How to print the result.") var output = OutputFormat.text

        func run() async throws {
            let target = try self.target.control()
            let was = try await self.target.acting("queue.resume") { control, target in
                try await control.resume(target)
            }
            switch self.output {
            case .json: try Terminal.put(json: Report(target: target.description, wasPaused: was))
            case .text: Terminal.put(was ? "\(target) runs again" : "\(target) was not paused")
            }
        }

        struct Report: Encodable {
            var target: String
            var wasPaused: Bool
        }
    }
}

/// What the program knows of its kinds.
enum KnownKinds {
    static let queueOfKind = Dictionary(
        uniqueKeysWithValues: PipelineKinds.all.map { ($0.definition.kind, $0.definition.queue) })
}

/// `90s`, `30m`, `2h`, `7d`.
struct DurationArgument: ExpressibleByArgument {
    let duration: Duration

    var defaultValueDescription: String { self.duration.shorthand }

    init(duration: Duration) {
        self.duration = duration
    }

    init?(argument: String) {
        guard let duration = Duration(shorthand: argument), duration > .zero else { return nil }
        self.duration = duration
    }
}

/// An instant in ISO 8601.
struct InstantArgument: ExpressibleByArgument {
    let date: Date

    init?(argument: String) {
        guard let date = try? Date(argument, strategy: .iso8601) else { return nil }
        self.date = date
    }
}
