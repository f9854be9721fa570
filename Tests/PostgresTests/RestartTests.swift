import Logging
import Postgres
import PostgresTesting
import Synchronization
import Testing

@Suite struct RestartTests {
    @Test(arguments: [true, false])
    func aClientUnderLoadRecoversFromARestartByItself(_ isImmediate: Bool) async throws {
        try await withCluster { cluster in
            try await withClient(cluster.url()) { client in
                try await client.execute("CREATE TABLE t (n bigint PRIMARY KEY)")
                let record = LoadRecord()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for lane in 0..<6 { group.addTask { await record.insert(through: client, lane: lane) } }
                    try await Deadline.poll("some work") { record.count > 200 }
                    if isImmediate { try await cluster.stopImmediately() } else { try await cluster.stop() }
                    try await cluster.start()
                    let before = record.count
                    try await Deadline.poll("work after the restart") { record.count > before + 200 }
                    group.cancelAll()
                }
                let stored = try await client.query("SELECT n FROM t").map { try $0.decode("n", as: Int.self) }
                #expect(record.acknowledged.withLock { $0 }.isSubset(of: stored))
                let errors = record.errors.withLock { $0 }
                #expect(!errors.isEmpty)
                #expect(errors.allSatisfy { $0.isTransient || $0.code == .unknownOutcome })
            }
        }
    }
}

/// What was told to those who inserted rows.
private final class LoadRecord: Sendable {
    let acknowledged = Mutex(Set<Int>())
    let errors = Mutex<[PostgresError]>([])

    var count: Int { self.acknowledged.withLock { $0.count } }

    /// Inserts one row after the other until cancelled.
    func insert(through client: PostgresClient, lane: Int) async {
        var number = lane
        while !Task.isCancelled {
            number += 6
            let value = number
            do {
                try await client.withTransaction { try await $0.execute("INSERT INTO t VALUES (\(value))") }
                self.acknowledged.withLock { _ = $0.insert(value) }
            } catch {
                guard let error = error as? PostgresError, error.code != .cancelled else { continue }
                self.errors.withLock { $0.append(error) }
                // Paced, so that a dead server is not asked thousands of times a second.
                try? await Task.sleep(for: .milliseconds(5))
            }
        }
    }
}
