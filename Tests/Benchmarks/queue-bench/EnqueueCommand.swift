import ArgumentParser
import JobQueuePostgres
import Postgres

/// How jobs are handed in.
enum EnqueueMode: String, CaseIterable, ExpressibleByArgument {
    /// One connection, a commit for each job.
    case single
    /// Sixteen at a time, a commit for each job.
    case concurrent
    /// Many jobs with one call.
    case bulk
}

/// What handing in jobs cost.
struct EnqueueReport: Encodable {
    var n: Int
    var seconds: Double
    var cpuSeconds: Double

    enum CodingKeys: String, CodingKey {
        case n, seconds
        case cpuSeconds = "cpu_s"
    }
}

/// Enqueues no-op jobs, numbered from 1.
struct EnqueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enqueue", abstract: "Enqueues no-op jobs and prints n, seconds and CPU seconds as JSON.")
    static let writers = 16
    static let bulkSize = 10_000

    @Option(help: "single, concurrent or bulk.") var mode: EnqueueMode
    @Option(help: "How many jobs.") var n: Int

    func validate() throws {
        guard self.n > 0 else { throw ValidationError("--n must be positive") }
    }

    func run() async throws {
        let connections = self.mode == .concurrent ? Self.writers : 1
        try await QueueBench.withDatabase("enqueue", connections: connections) { database in
            let queue = PostgresJobQueue(database: database, logger: QueueBench.logger)
            try await database.openConnections(connections)
            let watch = Stopwatch()
            switch self.mode {
            case .single:
                try await inParallel(1, 1...self.n, on: database) { _ = try await queue.enqueue(NoOp(n: $0)) }
            case .concurrent:
                try await inParallel(Self.writers, 1...self.n, on: database) {
                    _ = try await queue.enqueue(NoOp(n: $0))
                }
            case .bulk:
                for start in stride(from: 1, through: self.n, by: Self.bulkSize) {
                    let numbers = start...min(self.n, start + Self.bulkSize - 1)
                    _ = try await queue.enqueue(all: numbers.map { NoOp(n: $0) })
                }
            }
            let report = EnqueueReport(n: self.n, seconds: watch.seconds, cpuSeconds: watch.cpuSeconds)
            try await queue.sendLastWakeUp()
            try Output.json(report)
        }
    }
}

/// Enqueues one key again and again while its first job waits.
struct DuplicatesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "duplicates", abstract: "Enqueues the same unique job again and again, 16 at a time.")

    private struct NotJoined: Error, CustomStringConvertible {
        let description = "a duplicate of a waiting job was stored: is a worker running?"
    }

    @Option(help: "How many duplicates.") var n: Int

    func validate() throws {
        guard self.n > 0 else { throw ValidationError("--n must be positive") }
    }

    func run() async throws {
        try await QueueBench.withDatabase("duplicates", connections: EnqueueCommand.writers) { database in
            let queue = PostgresJobQueue(database: database, logger: QueueBench.logger)
            try await database.openConnections(EnqueueCommand.writers)
            _ = try await queue.enqueue(NoOp(n: 0, key: "hot"))
            let watch = Stopwatch()
            try await inParallel(EnqueueCommand.writers, 1...self.n, on: database) { n in
                guard try await !queue.enqueue(NoOp(n: n, key: "hot")).isNew else { throw NotJoined() }
            }
            try Output.json(EnqueueReport(n: self.n, seconds: watch.seconds, cpuSeconds: watch.cpuSeconds))
        }
    }
}

/// Calls `body` for each number, `width` calls at a time, where the database's answers arrive: these loops do nothing
/// but send statements.
private func inParallel(
    _ width: Int, _ numbers: ClosedRange<Int>, on database: PostgresClient,
    _ body: @escaping @Sendable (Int) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for offset in 0..<width {
            group.addTask(executorPreference: database.executor) {
                for n in stride(from: numbers.lowerBound + offset, through: numbers.upperBound, by: width) {
                    try await body(n)
                }
            }
        }
        try await group.waitForAll()
    }
}
