import ArgumentParser
import JobQueue
import JobQueuePostgres
import Operators

struct QueueSetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Change the numbers of a queue or a kind without a restart.",
        discussion: """
            What is set here stands above the operators' file until --reset gives it back. Limits hold from the next
            claim on, slots and prefetch from each worker's next heartbeat on. `none` lifts a number.
            """)
    @OptionGroup var target: QueueCommand.Target
    @Option(help: "Runs at the same time in the whole fleet.") var maxRunning: NumberArgument?
    @Option(help: "Of a queue: runs at the same time in each worker process.") var slots: NumberArgument?
    @Option(help: "Of a queue: jobs that a worker process claims ahead.") var prefetch: NumberArgument?
    @Option(help: "Of a queue: waits after which the standard and the bulk lane get a share, such as 60s,600s.")
    var ageing: AgeingArgument?
    @Option(help: "Of a kind: the longest time a run may take, such as 90s.") var timeout: TimeArgument?
    @Option(help: "Of a kind: runs before a job is given up.") var maxAttempts: NumberArgument?
    @Flag(help: "Give everything that was set by hand back to the operators' file.") var reset = false
    @Option(help: "With --reset: the operators' file, instead of the one this program was built with.")
    var file: String?
    @Option(help: "How to print the result.") var output = OutputFormat.text

    func validate() throws {
        let ofQueue = self.slots != nil || self.prefetch != nil || self.ageing != nil
        let ofKind = self.timeout != nil || self.maxAttempts != nil
        if self.reset {
            guard !ofQueue, !ofKind, self.maxRunning == nil else {
                throw ValidationError("--reset stands alone")
            }
            return
        }
        guard ofQueue || ofKind || self.maxRunning != nil else { throw ValidationError("say what to set") }
        guard self.file == nil else { throw ValidationError("--file goes with --reset") }
        guard !ofQueue || self.target.kind == nil else {
            throw ValidationError("--slots, --prefetch and --ageing are numbers of a queue")
        }
        guard !ofKind || self.target.kind != nil else {
            throw ValidationError("--timeout and --max-attempts are numbers of a kind")
        }
    }

    func run() async throws {
        let numbers = self.reset ? try QueueApplyCommand.numbers(from: self.file) : nil
        let (queueChange, kindChange) = (self.queueChange, self.kindChange)
        let changes = try await self.target.acting(self.reset ? "queue.reset" : "queue.set") { control, target in
            let actor = Operator.commandLine.name
            if let numbers {
                try await control.giveBack(target)
                return try await control.apply(numbers, queueOfKind: KnownKinds.queueOfKind, actor: actor)
            }
            if let kind = target.kind {
                return try await control.set(kindChange, ofKind: kind, in: target.queue, actor: actor)
            }
            return try await control.set(queueChange, ofQueue: target.queue, actor: actor)
        }
        try QueueApplyCommand.put(changes, as: self.output)
    }

    private var queueChange: QueueNumberChange {
        var change = QueueNumberChange()
        change.maxRunning = self.maxRunning?.setting ?? .keep
        change.slots = self.slots?.setting ?? .keep
        change.prefetch = self.prefetch?.setting ?? .keep
        change.ageing = self.ageing?.setting ?? .keep
        return change
    }

    private var kindChange: KindNumberChange {
        var change = KindNumberChange()
        change.maxRunning = self.maxRunning?.setting ?? .keep
        change.timeout = self.timeout?.setting ?? .keep
        change.maxAttempts = self.maxAttempts?.setting ?? .keep
        return change
    }
}

/// A whole number from 0 to 1,000,000, or `none`.
struct NumberArgument: ExpressibleByArgument {
    let setting: NumberSetting<Int>

    init?(argument: String) {
        if argument == "none" {
            self.setting = .none
        } else {
            guard let number = Int(argument), (0...1_000_000).contains(number) else { return nil }
            self.setting = .to(number)
        }
    }
}

/// A duration from 1 ms to 24 days, or `none`.
struct TimeArgument: ExpressibleByArgument {
    let setting: NumberSetting<Duration>

    init?(argument: String) {
        if argument == "none" {
            self.setting = .none
        } else {
            guard let duration = Duration(shorthand: argument), duration > .zero, duration <= .seconds(86_400 * 24)
            else { return nil }
            self.setting = .to(duration)
        }
    }
}

/// Two durations with a comma between them, or `none`.
struct AgeingArgument: ExpressibleByArgument {
    let setting: NumberSetting<LaneAgeing>

    init?(argument: String) {
        if argument == "none" {
            self.setting = .none
        } else {
            let waits = argument.split(separator: ",").compactMap { Duration(shorthand: $0) }
            guard waits.count == 2, argument.filter({ $0 == "," }).count == 1 else { return nil }
            self.setting = .to(LaneAgeing(standard: waits[0], bulk: waits[1]))
        }
    }
}
