import ArgumentParser
import JobQueue
import JobQueuePostgres
import Operators

struct QueueDrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Pause a queue or a kind and wait until nothing of it runs.",
        discussion: "The pause stays when this returns. Exits 10 when something still runs after the timeout.")
    @OptionGroup var target: QueueCommand.Target
    @Option(help: "How long to wait at the most, such as 5m.") var timeout = DurationArgument(duration: .seconds(600))
    @Option(help: "Why, for those who will ask.") var reason: String?
    @Option(help: "How to print the result.") var output = OutputFormat.text

    func run() async throws {
        let (timeout, reason) = (self.timeout.duration, self.reason)
        let target = try self.target.control()
        let running = try await self.target.acting("queue.drain", reason: reason) { control, target in
            var last: Int?
            return try await control.drain(target, timeout: timeout, reason: reason, actor: Operator.commandLine.name) {
                progress in
                if progress.running != last { Terminal.say("\(progress.running) running") }
                last = progress.running
            }
        }
        if self.output == .json {
            try Terminal.put(json: Report(target: target.description, running: running))
        }
        guard running == 0 else {
            throw CommandFailure(
                .timedOut, "\(running) runs of \(target) still go on after \(timeout.shorthand); it stays paused")
        }
        if self.output == .text { Terminal.put("\(target) is drained and stays paused") }
    }

    struct Report: Encodable {
        var target: String
        var running: Int
    }
}
