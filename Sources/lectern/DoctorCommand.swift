import ArgumentParser
import Foundation
import Logging
import MCP
import Postgres
import ProcessBootstrap
import Schema

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Say what is wrong with this setup and what to do.",
        discussion: """
            Looks at the database (reachable, schema, clock, wake-ups, pooler), at both MCP servers and the tool
            mappings, at every language model (reachable, credential, name), at the rules of readers' index, and at the
            issuer that learners sign in with. Exits 0 when nothing is wrong, 7 otherwise.
            """)

    @OptionGroup var options: ProcessOptions
    @Option(help: "How to print the result.") var output = OutputFormat.text

    /// One thing that was looked at.
    struct Finding: Encodable {
        enum Verdict: String, Encodable {
            case ok, warning, error
        }

        var subject: String
        var verdict: Verdict
        var message: String
    }

    func run() async throws {
        let findings = try await BackendSession.run(self.options) { backends, settings in
            async let database = Self.database(backends, settings)
            async let storage = Self.server("storage", backends.storage) { backends.objectMapping.check(against: $0) }
            async let vectors = Self.server("vectordal", backends.vectors) { backends.vectorMapping.check(against: $0) }
            async let models = Self.models(backends, settings)
            async let index = Self.index(backends, settings)
            async let signIn = Self.signIn(backends, settings)
            return await database + storage + vectors + models + index + signIn
        }
        switch self.output {
        case .json: try Terminal.put(json: findings)
        case .text:
            for finding in findings {
                Terminal.put("\(finding.verdict.rawValue)\t\(finding.subject)\t\(finding.message)")
            }
        }
        if findings.contains(where: { $0.verdict == .error }) {
            throw CommandFailure(.permanent, "this setup does not work as it is")
        }
    }

    private static func database(_ backends: Backends, _ settings: Settings) async -> [Finding] {
        let database = backends.database
        do {
            let row = try await database.queryOne(
                """
                SELECT current_setting('server_version') AS version,
                       extract(epoch FROM clock_timestamp())::float8 AS clock
                """, timeout: .seconds(5))
            var findings = [
                Finding(
                    subject: "database", verdict: .ok,
                    message: "PostgreSQL \(try row?.decode("version", as: String.self) ?? "")")
            ]
            let skew = abs((try row?.decode("clock", as: Double.self) ?? 0) - Date().timeIntervalSince1970)
            findings.append(
                Finding(
                    subject: "clock", verdict: skew < 2 ? .ok : .warning,
                    message: "this machine and the database differ by \((skew * 1_000).rounded() / 1_000) s"
                        + (skew < 2 ? "" : "; the queue goes by the database's clock, logs by this one's")))
            findings.append(await Self.schema(backends))
            findings.append(await Self.wakeUps(backends, settings))
            return findings
        } catch {
            return [
                Finding(
                    subject: "database", verdict: .error,
                    message: "\(error); check DATABASE_URL and that the server runs")
            ]
        }
    }

    private static func schema(_ backends: Backends) async -> Finding {
        do {
            let migrator = Migrator(
                database: backends.database, migrations: try Migration.bundled(), logger: Logger(label: "lectern"))
            try await migrator.requireCurrent()
            return Finding(subject: "schema", verdict: .ok, message: "version \(migrator.latestVersion)")
        } catch {
            return Finding(subject: "schema", verdict: .error, message: "\(error)")
        }
    }

    /// Sends a notification through the pool and waits for it on the direct connection.
    private static func wakeUps(_ backends: Backends, _ settings: Settings) async -> Finding {
        let listener = PostgresListener(
            url: settings.database.directURL, channels: ["lectern_doctor"], logger: Logger(label: "lectern"))
        let isHeard = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                // The listener ends only by cancellation.
                try? await listener.run()
                return false
            }
            group.addTask {
                for await event in listener.events {
                    switch event {
                    case .connected:
                        _ = try? await backends.database.query("SELECT pg_notify('lectern_doctor', '')")
                    case .notification: return true
                    case .disconnected: break
                    }
                }
                return false
            }
            group.addTask {
                try? await Task.sleep(for: .seconds(5))
                return false
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first
        }
        return isHeard
            ? Finding(subject: "wake-ups", verdict: .ok, message: "LISTEN works on the direct connection")
            : Finding(
                subject: "wake-ups", verdict: .warning,
                message: "no notification arrives: workers poll every second instead; set DATABASE_DIRECT_URL to an "
                    + "address that reaches PostgreSQL without a transaction pooler")
    }

    private static func server(
        _ name: String, _ client: MCPClient, check: ([MCPTool]) -> [MappingFinding]
    ) async -> [Finding] {
        do {
            let tools = try await client.listTools(timeout: .seconds(10))
            let generation = client.serverGeneration.map { "\($0)" } ?? "an unknown generation"
            return [
                Finding(subject: name, verdict: .ok, message: "\(tools.count) tools, speaks \(generation)")
            ]
                + check(tools).map {
                    Finding(
                        subject: "\(name) mapping", verdict: $0.severity == .error ? .error : .warning,
                        message: "\($0.operation) (\($0.tool)): \($0.message)")
                }
        } catch {
            return [
                Finding(
                    subject: name, verdict: .error,
                    message: "\(error); check the address and that the server runs")
            ]
        }
    }
}
