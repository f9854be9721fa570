import Postgres
import PostgresTesting
import Testing

@Suite struct EncryptionTests {
    /// Answers larger and smaller than a TLS record: what the TLS library has read ahead must not be forgotten.
    @Test func answersOfEverySizeArriveThroughTLS() async throws {
        try await withCluster(usesTLS: true) { cluster in
            try await withClient(cluster.url() + "?sslmode=require") { client in
                let encrypted = try await client.queryOne("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
                #expect(try encrypted?.decode("ssl") == true)
                for size in [1, 5000, 8191, 8192, 8193, 16_000, 16_383, 16_384, 16_385, 24_576, 32_768, 100_003] {
                    let rows = try await client.query(
                        "SELECT repeat('x', \(Int32(size))) AS x FROM generate_series(1, 20)")
                    #expect(try rows.allSatisfy { try $0.decode("x", as: String.self).utf8.count == size })
                    #expect(rows.count == 20)
                }
                try await client.execute("CREATE TABLE c (body text)")
                let rows = (0..<2000).map { [String(repeating: "y", count: $0)] as [String?] }
                try await client.copyIn("c", columns: ["body"], rows: rows)
                #expect(try await client.integer("SELECT sum(length(body)) FROM c") == 1_999_000)
                try await expect(.timeout) {
                    try await client.query("SELECT pg_sleep(30)", timeout: .milliseconds(100))
                }
            }
        }
    }
}
