import Postgres
import PostgresTesting
import Testing

/// Tasks may run where the answers arrive.
@Suite struct ExecutorTests {
    @Test func tasksThereSendStatementsSleepAndEndByCancellation() async throws {
        try await withTestClient { client in
            let sum = try await withTaskExecutorPreference(client.executor) {
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 1...20 {
                        group.addTask {
                            try await Task.sleep(for: .milliseconds(number % 3))
                            return try await client.queryOne("SELECT \(number) AS n")?.decode("n") ?? 0
                        }
                    }
                    return try await group.reduce(0, +)
                }
            }
            #expect(sum == 210)
            let task = Task(executorPreference: client.executor) { try await client.query("SELECT pg_sleep(60)") }
            task.cancel()
            await #expect(throws: PostgresError.self) { try await task.value }
        }
    }

    @Test func workHandedOverFromManyThreadsIsAllDone() async throws {
        try await withTestClient { client in
            #expect(await Self.handOver(2_000, to: client.executor) == 2_000)
        }
    }

    /// How many of so many pieces of work were done.
    @concurrent private static func handOver(_ pieces: Int, to executor: any TaskExecutor) async -> Int {
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<pieces {
                group.addTask(executorPreference: globalConcurrentExecutor) {
                    await Task(executorPreference: executor) { 1 }.value
                }
            }
            return await group.reduce(0, +)
        }
    }
}
