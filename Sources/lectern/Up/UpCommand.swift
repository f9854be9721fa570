import ArgumentParser
import Foundation
import Logging
import Postgres
import ProcessBootstrap
import ServiceLifecycle
import Textbook
import UnixSignals

struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Start everything on this machine and show that it works.",
        discussion: """
            Starts PostgreSQL (unless DATABASE_URL is set), the two MCP servers, the API and the three workers, syncs
            a book, embeds it, personalizes a lesson for a sample learner and prints the addresses. Ctrl-C drains.

            EXAMPLES
              lectern up --book Deploy/sample-book
              lectern up --once --port-offset 1000        prove it, print a JSON summary, stop
            """)

    @Option(help: "The folder of the book.") var book: String
    @Option(help: "Added to every port.") var portOffset = 0
    @Option(help: "Where logs, data and the database live.") var state = ".lectern"
    @Option(help: "What to ask the search; the title of the first lesson when nothing is said.") var query: String?
    @Flag(help: "Stop after the proof; standard output holds one JSON object.") var once = false

    func run() async throws {
        let startedAt = ContinuousClock().now
        let folder = URL(fileURLWithPath: self.book).standardizedFileURL
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue else {
            throw CommandFailure(.notFound, "the book \(self.book) is not a folder")
        }
        let slug = try Self.slug(of: folder)
        let given = ProcessInfo.processInfo.environment["DATABASE_URL"].flatMap { $0.isEmpty ? nil : $0 }
        let state = URL(fileURLWithPath: self.state).standardizedFileURL
        let ports = try PortPlan(offset: self.portOffset)
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)

        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await self.serve(
                    Installation(ports: ports, state: state, book: folder, slug: slug), database: given,
                    startedAt: startedAt)
            }
            group.addTask {
                for await _ in signals {
                    Terminal.say("draining; this may take some seconds")
                    throw CancellationError()
                }
            }
            defer { group.cancelAll() }
            do {
                try await group.next()
            } catch is CancellationError {
                group.cancelAll()
                // The other task stops the children before it ends.
                try? await group.waitForAll()
            }
        }
    }

    /// The name under which the book will be published; a folder that cannot be published is refused here.
    private static func slug(of folder: URL) throws -> String {
        let reading: BookReading
        do throws(BookFolderError) {
            reading = try BookFolder.read(folder.path).reader().read()
        } catch {
            throw CommandFailure(.permanent, "the book \(folder.path) cannot be read: \(error)")
        }
        guard reading.isPublishable else {
            let errors = reading.findings.filter { $0.severity == .error }.prefix(20).map(\.description)
            throw CommandFailure(
                .permanent,
                "the book \(folder.path) cannot be published:\n" + errors.joined(separator: "\n"))
        }
        return reading.book.slug
    }

    private func serve(
        _ initial: Installation, database given: String?, startedAt: ContinuousClock.Instant
    ) async throws {
        var installation = initial
        do {
            try await installation.start(database: given)
            var configuration = PostgresConfiguration(url: installation.databaseURL)
            configuration.maximumConnections = 2
            let database = PostgresClient(configuration: configuration, logger: Logger(label: "lectern"))
            let walkthrough = Walkthrough(
                api: installation.api, database: database, book: installation.book, query: self.query)
            var summary = try await walkthrough.run()
            await database.close()
            summary.seconds = (startedAt.duration(to: ContinuousClock().now) / .milliseconds(1)).rounded() / 1_000
            summary.addresses = [
                "api": installation.api, "storage": "http://127.0.0.1:\(installation.ports[.storage])/sse",
                "vectordal": "http://127.0.0.1:\(installation.ports[.vectordal])/sse",
            ]
            if self.once {
                await installation.stop()
                try Terminal.put(json: summary)
            } else {
                Self.report(summary)
            }
            guard summary.ok else {
                throw CommandFailure(.other, summary.problems.joined(separator: "; "))
            }
            while !self.once {
                try await Task.sleep(for: .seconds(1))
                try installation.requireAllRunning()
            }
        } catch {
            await installation.stop()
            throw error
        }
    }

    private static func report(_ summary: Walkthrough.Summary) {
        Terminal.say(
            """

            Lectern is up.
              read    \(summary.addresses["api"] ?? "")/
              operate \(summary.addresses["api"] ?? "")/ops
              storage \(summary.addresses["storage"] ?? "")
              vectors \(summary.addresses["vectordal"] ?? "")
            \(summary.lessons) lessons, \(summary.chunks) chunks; "\(summary.search.query)" found \
            \(summary.search.top ?? "nothing"); \(summary.personalize.lesson) was written by \
            \(summary.personalize.generator ?? "nobody") and then answered from the cache in \
            \(summary.personalize.second.ms ?? 0) ms. Ctrl-C stops it.
            """)
    }
}
