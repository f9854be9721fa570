import ArgumentParser
import Foundation
import JobQueue
import JobQueuePostgres
import Logging
import Postgres

/// Enqueues a seeded mixture of jobs and prints `accepted <id> <attempt 0> <1: new, 0: joined> <ns>` after each commit.
struct Enqueue: AsyncParsableCommand {
    enum Mixture: String, ExpressibleByArgument, CaseIterable {
        case mixed, plain, slow
    }

    static let configuration = CommandConfiguration(abstract: "Enqueues jobs and prints their ids.")

    @OptionGroup var database: DatabaseOptions

    @Option(help: "Enqueues that have to be accepted.")
    var count: Int

    @Option(help: "Seed of the mixture.")
    var seed: UInt64

    @Option(help: "Mean pause between two transactions, in milliseconds; drawn from half of it to one and a half.")
    var pauseMs = 0

    @Option(help: "Which kinds of jobs.")
    var mixture: Mixture = .mixed

    @Option(help: "The longest slow job, in milliseconds.")
    var slowestMs = 3_000

    @Option(help: "The shortest slow job, in milliseconds.")
    var fastestMs = 200

    func run() async throws {
        let client = self.database.client()
        let queue = PostgresJobQueue(database: client, logger: DatabaseOptions.logger)
        let journal = Journal(descriptor: FileHandle.standardOutput.fileDescriptor)
        var generator = SplitMix(state: self.seed)
        var accepted = 0
        while accepted < self.count {
            do {
                let jobs = try await self.enqueueOne(queue, using: &generator)
                for job in jobs { journal.write("accepted", job: job.id, token: job.isNew ? 1 : 0) }
                accepted += jobs.count
            } catch let error as PostgresError {
                // Nothing was promised, so nothing is owed: the next draw is another job.
                DatabaseOptions.logger.warning("an enqueue failed", metadata: ["error": "\(error)"])
                try await Task.sleep(for: .milliseconds(100))
            }
            if self.pauseMs > 0 {
                let pause = Double(self.pauseMs) * Double.random(in: 0.5...1.5, using: &generator)
                try await Task.sleep(for: .milliseconds(pause))
            }
        }
        await client.close()
    }

    private func enqueueOne(
        _ queue: PostgresJobQueue, using generator: inout SplitMix
    ) async throws -> [EnqueuedJob] {
        let number = Int.random(in: 0..<1_000_000, using: &generator)
        let milliseconds = Int.random(in: self.fastestMs...max(self.fastestMs, self.slowestMs), using: &generator)
        let slow = SlowCrash(milliseconds: milliseconds)
        switch self.mixture {
        case .plain: return try await Self.ask(queue, [PlainCrash(number: number)])
        case .slow: return try await Self.ask(queue, [slow])
        case .mixed: break
        }
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<20: return try await Self.ask(queue, [PlainCrash(number: number)])
        case 20..<25: return try await Self.ask(queue, (0..<5).map { PlainCrash(number: number + $0) })
        case 25..<55: return try await Self.ask(queue, [slow])
        case 55..<67:
            return try await Self.ask(queue, [SlowCrash(milliseconds: milliseconds, key: "\(number % 4)")])
        case 67..<72: return try await Self.ask(queue, [SlowCrash(milliseconds: milliseconds, isParent: true)])
        case 72..<82: return try await Self.ask(queue, [slow], delay: .milliseconds(number % 3_000 + 100))
        case 82..<92: return try await Self.ask(queue, [FailingCrash(failures: 1 + number % 3)])
        case 92..<97: return try await Self.ask(queue, [SnoozingCrash(number: number)])
        default: return try await Self.ask(queue, [DoomedCrash(number: number)])
        }
    }

    private static func ask(
        _ queue: PostgresJobQueue, _ jobs: [some CrashJob], delay: Duration = .zero
    ) async throws -> [EnqueuedJob] {
        try await queue.withTransaction { try await $0.ask(forAll: jobs, options: EnqueueOptions(delay: delay)) }
    }
}

/// Numbers that a seed repeats on every machine: the SplitMix64 generator of Steele, Lea and Flood (2014).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var value = self.state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
