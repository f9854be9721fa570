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
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await listener.run() }
                var events = listener.events.makeAsyncIterator()
                #expect(await events.next() == .connected)
                try await withClient(url) { client in
                    try await client.execute("SELECT pg_notify('wake', \("it's \\ ü"))")
                    #expect(await events.next() == .notification(channel: "wake", payload: "it's \\ ü"))
                    try await client.execute("SELECT pg_notify('odd \" name', '')")
                    #expect(await events.next() == .notification(channel: "odd \" name", payload: ""))
                    try await client.execute(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE datname = current_database() AND query LIKE 'LISTEN%'
                        """)
                    #expect(await events.next() == .disconnected)
                    #expect(await events.next() == .connected)
                    try await client.execute("SELECT pg_notify('wake', 'again')")
                    #expect(await events.next() == .notification(channel: "wake", payload: "again"))
                }
                group.cancelAll()
                #expect(await events.next() == .disconnected)
                #expect(await events.next() == nil)
            }
        }
    }
}
