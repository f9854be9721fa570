import Logging
import Postgres
import PostgresTesting
import Testing

@Suite struct ListenerTests {
    @Test func notificationsArriveAndTheConnectionIsMadeAnewWhenItBreaks() async throws {
        try await withTestDatabase { url in
            let listener = PostgresListener(
                configuration: PostgresConfiguration(url: url), channels: ["wake", "odd \" name"],
                logger: Logger(label: "test"), jitter: { 0 })
            try await withClient(url) { client in
                try await Self.listen(listener) { log in
                    try await log.expect(.connected)
                    try await client.execute("SELECT pg_notify('wake', \("it's \\ ü"))")
                    try await log.expect(.notification(channel: "wake", payload: "it's \\ ü"))
                    try await client.execute("SELECT pg_notify('odd \" name', '')")
                    try await log.expect(.notification(channel: "odd \" name", payload: ""))
                    try await client.execute(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE datname = current_database() AND query LIKE 'LISTEN%'
                        """)
                    try await log.expect(.disconnected, .connected)
                    try await client.execute("SELECT pg_notify('wake', 'again')")
                    try await log.expect(.notification(channel: "wake", payload: "again"))
                }
            }
        }
    }

    @Test func aListenerListensAgainAfterARestart() async throws {
        try await withCluster { cluster in
            let listener = PostgresListener(url: cluster.url(), channels: ["wake"], logger: Logger(label: "test"))
            try await Self.listen(listener) { log in
                try await log.expect(.connected)
                try await cluster.stopImmediately()
                try await log.expect(.disconnected)
                try await cluster.start()
                try await log.expect(.connected)
            }
        }
    }

    @Test func aSilentConnectionThatHangsIsGivenUp() async throws {
        try await withCluster { cluster in
            var configuration = PostgresConfiguration(url: cluster.url())
            configuration.statementTimeout = .milliseconds(300)
            configuration.cancellationGrace = .milliseconds(300)
            let listener = PostgresListener(
                configuration: configuration, channels: ["wake"], logger: Logger(label: "test"),
                heartbeat: .milliseconds(100))
            try await withClient(cluster.url()) { client in
                try await Self.listen(listener) { log in
                    try await log.expect(.connected)
                    let pid = try await client.integer(
                        "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
                    )
                    try cluster.freeze(Int32(pid))
                    try await log.expect(.disconnected, .connected)
                    try cluster.unfreeze(Int32(pid))
                }
            }
        }
    }

    nonisolated(nonsending) private static func listen(
        _ listener: PostgresListener, _ body: nonisolated(nonsending) (EventLog) async throws -> Void
    ) async throws {
        let log = EventLog()
        let running = Task { try await listener.run() }
        let following = Task { await log.follow(listener) }
        do {
            try await body(log)
        } catch {
            running.cancel()
            throw error
        }
        running.cancel()
        try await running.value
        await following.value
    }
}
