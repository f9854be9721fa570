import ArgumentParser
import Foundation
import JobQueue
import JobQueuePostgres

struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Watch the queues and the workers, until Ctrl-C.",
        discussion: """
            EXAMPLES
              lectern top
              lectern top --every 5s
              lectern top --once                 print it once, as without a terminal

            Counts stop at \(QueueOverview.countCap - 1).
            """)
    @OptionGroup var database: DatabaseSession
    @Option(help: "How long between looks, such as 5s.") var every = DurationArgument(duration: .seconds(2))
    @Flag(help: "Look once.") var once = false

    func run() async throws {
        let isLive = !self.once && isatty(FileHandle.standardOutput.fileDescriptor) == 1
        let every = max(self.every.duration, .milliseconds(500))
        try await self.database.with { database, _ in
            let store = QueueOverviewStore(database: database)
            while true {
                let screen = Self.screen(try await store.overview())
                Terminal.write(result: isLive ? "\u{1B}[H\u{1B}[2J" + screen : screen)
                guard isLive else { return }
                try await Task.sleep(for: every)
            }
        }
    }

    static func screen(_ overview: QueueOverview) -> String {
        var rows = [["QUEUE", "READY", "OLDEST", "SCHEDULED", "BLOCKED", "RUNNING", "DEAD", ""]]
        for queue in overview.queues {
            let counts = [queue.scheduled, queue.blocked, queue.running, queue.dead].map(Self.count)
            rows.append(
                [queue.name, Self.count(queue.ready), queue.oldestReadyAge.map(Self.age) ?? "-"] + counts
                    + [queue.isPaused ? "paused" : ""])
        }
        rows.append([])
        rows.append(["WORKER", "BUSY", "SEEN", "QUEUES"])
        for worker in overview.workers {
            rows.append(
                [
                    worker.name, "\(worker.running)/\(worker.slots)", Self.age(worker.heartbeatAge),
                    worker.queues.joined(separator: ",") + (worker.isDraining ? " (draining)" : ""),
                ])
        }
        return Self.table(rows)
    }

    /// Columns as wide as their widest cell; each run of rows up to an empty one by itself.
    private static func table(_ rows: [[String]]) -> String {
        rows.split(separator: [], omittingEmptySubsequences: false).map { block in
            let widths = (0..<(block.map(\.count).max() ?? 0)).map { column in
                block.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
            }
            return block.map { row in
                var line = zip(row, widths).map { cell, width in
                    cell + String(repeating: " ", count: width - cell.count)
                }.joined(separator: "  ")
                while line.last == " " { line.removeLast() }
                return line + "\n"
            }.joined()
        }.joined(separator: "\n")
    }

    private static func count(_ count: Int) -> String {
        count < QueueOverview.countCap ? "\(count)" : ">\(QueueOverview.countCap - 1)"
    }

    private static func age(_ age: Duration) -> String {
        switch age.components.seconds {
        case ..<120: "\(age.components.seconds) s"
        case ..<7_200: "\(age.components.seconds / 60) min"
        default: "\(age.components.seconds / 3_600) h"
        }
    }
}
