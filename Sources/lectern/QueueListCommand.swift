import ArgumentParser
import Foundation
import JobQueue
import JobQueuePostgres

struct QueueListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "What waits, what runs, what is paused and limited.",
        discussion: "Counts stop at 1001. A star marks what was set by hand and stands above the operators' file.")
    @OptionGroup var database: DatabaseSession
    @Option(help: "How to print it.") var output = OutputFormat.text

    func run() async throws {
        let (queues, settings) = try await self.database.with { database, _ in
            let queues = try await QueueOverviewStore(database: database).overview().queues
            let control = QueueControl(database: database)
            return (queues, try await control.settings())
        }
        switch self.output {
        case .json:
            try Terminal.put(
                json: Report(queues: queues.map(Counts.init), settings: settings.map(SettingsReport.init)))
        case .text:
            Terminal.put("queue\tready\tscheduled\tblocked\trunning\tdead")
            for queue in queues {
                let counts = [queue.ready, queue.scheduled, queue.blocked, queue.running, queue.dead]
                Terminal.put(([queue.name] + counts.map { "\($0)" }).joined(separator: "\t"))
            }
            for setting in settings {
                if let pause = setting.pause {
                    let end = pause.until.map { "until \($0.formatted(.iso8601))" } ?? "until it is resumed"
                    let why = [pause.reason, pause.actor.map { "by \($0)" }].compactMap { $0 }
                    Terminal.put(
                        "\(setting.target) is paused \(end)" + (why.isEmpty ? "" : ": ")
                            + why.joined(separator: ", "))
                }
                let numbers = SettingsReport(setting).numbers
                if !numbers.isEmpty { Terminal.put("\(setting.target): \(numbers.joined(separator: ", "))") }
            }
        }
    }

    struct Report: Encodable {
        var queues: [Counts]
        var settings: [SettingsReport]
    }

    struct Counts: Encodable {
        var name: String
        var ready: Int
        var scheduled: Int
        var blocked: Int
        var running: Int
        var dead: Int
        var isPaused: Bool

        init(_ queue: QueueOverview.Queue) {
            self.name = queue.name
            self.ready = queue.ready
            self.scheduled = queue.scheduled
            self.blocked = queue.blocked
            self.running = queue.running
            self.dead = queue.dead
            self.isPaused = queue.isPaused
        }
    }

    /// What was set for one queue or kind.
    struct SettingsReport: Encodable {
        var target: String
        var isPaused: Bool
        var pausedUntil: String?
        var reason: String?
        var maxRunning: Int?
        var slots: Int?
        var prefetch: Int?
        var ageing: [String]?
        var timeout: String?
        var maxAttempts: Int?
        var byHand: [String]

        init(_ settings: ControlSettings) {
            self.target = settings.target.description
            self.isPaused = settings.pause != nil
            self.pausedUntil = settings.pause?.until?.formatted(.iso8601)
            self.reason = settings.pause?.reason
            self.maxRunning = settings.maxRunning
            self.slots = settings.slots
            self.prefetch = settings.prefetch
            self.ageing = settings.ageing.map { [$0.standard.shorthand, $0.bulk.shorthand] }
            self.timeout = settings.timeout?.shorthand
            self.maxAttempts = settings.maxAttempts
            self.byHand = settings.byHand
        }

        /// As `name value`, with a star where an operator set it.
        var numbers: [String] {
            let values: [(name: String, value: String?)] = [
                ("max_running", self.maxRunning.map(String.init)), ("slots", self.slots.map(String.init)),
                ("prefetch", self.prefetch.map(String.init)),
                ("ageing_ms", self.ageing.map { $0.joined(separator: " ") }), ("timeout_ms", self.timeout),
                ("max_attempts", self.maxAttempts.map(String.init)),
            ]
            return values.compactMap { name, value in
                let isByHand = self.byHand.contains(name)
                guard value != nil || isByHand else { return nil }
                let label = name.hasSuffix("_ms") ? String(name.dropLast(3)) : name
                return "\(label) \(value ?? "none")\(isByHand ? "*" : "")"
            }
        }
    }
}
