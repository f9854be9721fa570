import Logging
import Postgres
import PostgresTesting
import Synchronization
import Testing

@Suite struct PoolTests {
    @Test func aCallerIsRefusedWhenNoConnectionBecomesFreeInTime() async throws {
        try await withTestClient(configure: {
            $0.maximumConnections = 1
            $0.acquireTimeout = .milliseconds(1500)
        }) { client in
            try await client.withConnection { held in
                try await expect(.poolExhausted) { try await client.query("SELECT 1") }
                #expect(try await held.integer("SELECT 1 AS one") == 1)
            }
            #expect(try await client.integer("SELECT 1 AS one") == 1)
        }
    }

    @Test func aCancelledWaiterLeavesTheQueue() async throws {
        try await withTestClient(configure: {
            $0.maximumConnections = 1
            $0.acquireTimeout = .seconds(60)
        }) { client in
            try await client.withConnection { _ in
                let start = ContinuousClock.now
                let waiting = Task { try await code { try await client.query("SELECT 1") } }
                waiting.cancel()
                let reason = try await waiting.value
                #expect(reason == .cancelled)
                #expect(ContinuousClock.now - start < .seconds(30))
            }
            #expect(try await client.query("SELECT 1").count == 1)
        }
    }

    @Test func manyCallersShareFewConnections() async throws {
        try await withTestClient(configure: {
            $0.maximumConnections = 3
            $0.acquireTimeout = .seconds(30)
        }) { client in
            let pids = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<300 {
                    group.addTask {
                        let row = try await client.queryOne("SELECT \(number) AS n, pg_backend_pid() AS pid")
                        #expect(try row?.decode("n") == number)
                        return try row?.decode("pid") ?? 0
                    }
                }
                return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            }
            #expect(pids.count <= 3)
        }
    }

    @Test func aTerminatedBackendFailsItsStatementAndIsReplaced() async throws {
        try await withTestClient(configure: { $0.maximumConnections = 1 }) { client in
            let error = await #expect(throws: PostgresError.self) {
                try await client.query("SELECT pg_terminate_backend(pg_backend_pid())")
            }
            #expect(error?.code == .connectionLost)
            #expect(error?.sqlState == "57P01")
            #expect(error?.isTransient == true)
            let rows = try await client.query("SELECT 1")
            #expect(rows.count == 1)
        }
    }

    @Test func aConnectionThatBreaksWhileIdleIsNoticedBeforeItsNextUse() async throws {
        try await withTestDatabase { url in
            let observer = CountingObserver()
            let client = PostgresClient(
                configuration: PostgresConfiguration(url: url), logger: Logger(label: "test"), observer: observer)
            let pid: Int32 = try #require(try await client.queryOne("SELECT pg_backend_pid() AS pid")).decode("pid")
            try await withClient(url) { try await $0.execute("SELECT pg_terminate_backend(\(pid))") }
            try await Deadline.poll("the broken connection to be dropped") { observer.closed.withLock { $0 } == 1 }
            #expect(try await client.query("SELECT 1").count == 1)
            await client.close()
            #expect(observer.opened.withLock { $0 } == 2)
        }
    }

    @Test func aConnectionLeftInATransactionIsNotLentAgain() async throws {
        try await withTestClient(configure: { $0.maximumConnections = 1 }) { client in
            let spoilt = try await client.withConnection { connection in
                try await connection.execute("BEGIN")
                return connection.backendID
            }
            let next = try await client.integer("SELECT pg_backend_pid()")
            #expect(next != Int(spoilt))
        }
    }

    @Test func aConnectionCannotBeUsedAfterItsClosure() async throws {
        try await withTestClient { client in
            let escaped = try await client.withConnection { $0 }
            try await expect(.connectionReleased) { try await escaped.query("SELECT 1") }
        }
    }

    @Test func aClosedClientRefuses() async throws {
        try await withTestDatabase { url in
            let client = PostgresClient(
                configuration: PostgresConfiguration(url: url), logger: Logger(label: "test"))
            try await client.execute("SELECT 1")
            await client.close()
            try await expect(.clientClosed) { try await client.query("SELECT 1") }
        }
    }

    @Test func anUnreachableServerIsAClearErrorWithoutThePassword() async throws {
        for url in ["postgresql://u:hunter2@127.0.0.1:1/d", "host=127.0.0.1 port=1 password=hunter2", "hunter2 = ="] {
            try await withClient(url) { client in
                let error = await #expect(throws: PostgresError.self) { try await client.query("SELECT 1") }
                #expect([.connectionFailed, .invalidArgument].contains(error?.code))
                #expect(!String(reflecting: error).contains("hunter2"))
            }
        }
    }

    @Test func theHostThatTakesWritesIsFoundAmongSeveral() async throws {
        try await withTestDatabase { url in
            let several = url.replacing("@", with: "@127.0.0.1:1,") + "?target_session_attrs=read-write"
            let answer = try await withClient(several) { try await $0.integer("SELECT 1") }
            #expect(answer == 1)
            let none = url + "?target_session_attrs=standby"
            try await withClient(none) { client in
                try await expect(.connectionFailed) { try await client.query("SELECT 1") }
            }
        }
    }
}

private final class CountingObserver: PostgresObserver {
    let opened = Mutex(0)
    let closed = Mutex(0)

    func connectionOpened(after duration: Duration) { self.opened.withLock { $0 += 1 } }
    func connectionClosed() { self.closed.withLock { $0 += 1 } }
}
