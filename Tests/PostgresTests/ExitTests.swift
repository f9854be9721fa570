import Glibc
import Logging
import Postgres
import PostgresTesting
import Testing

/// The codes stand for themselves: 5 is the process's own, 9 that of what libraries do at its end.
@Suite struct ExitTests {
    @Test func whatLibrariesDoAtTheEndDoesNotMeetAConnectionThatIsBeingOpened() async {
        await #expect(processExitsWith: .exitCode(5)) {
            ExitTests.endWithCodeNine()
            let (server, port) = try ExitTests.silentServer()
            let client = ExitTests.client(port: port)
            let opening = Task { try await client.query("SELECT 1") }
            // From here on a thread waits for the server, which never answers.
            _ = accept(server, nil, nil)
            withExtendedLifetime(opening) { exit(5) }
        }
    }

    @Test func withoutOneTheyDoWhatTheyAlwaysDo() async {
        await #expect(processExitsWith: .exitCode(9)) {
            ExitTests.endWithCodeNine()
            // Nobody listens there.
            let client = ExitTests.client(port: 1)
            _ = try? await client.query("SELECT 1")
            exit(5)
        }
    }

    /// As a library does whose last code comes after that of what was loaded later.
    private static func endWithCodeNine() {
        atexit { _exit(9) }
    }

    private static func client(port: Int) -> PostgresClient {
        PostgresClient(
            configuration: PostgresConfiguration(url: "postgresql://nobody@127.0.0.1:\(port)/nothing"),
            logger: Logger(label: "test"))
    }

    /// A server that takes connections and says nothing, and its port.
    private static func silentServer() throws -> (descriptor: Int32, port: Int) {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(server, address, length) == 0 && listen(server, 8) == 0
                    && getsockname(server, address, &length) == 0
            }
        }
        try #require(isListening)
        return (server, Int(UInt16(bigEndian: address.sin_port)))
    }
}
