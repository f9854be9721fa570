import ArgumentParser
import Foundation
import Operators

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Make, list and revoke the keys of operators and programs.",
        discussion: """
            EXAMPLES
              lectern key create "night shift" --role operator --for 90d
              lectern key create "publishing from CI" --role syncer > key
              lectern key list
              lectern key revoke 12

            ROLES
              syncer     asks for resyncs and reads what became of them
              viewer     sees everything but personal arguments
              operator   sees and steers
              admin      also hands out keys and sets budgets

            A key is shown once. Send it as `Authorization: Bearer`, or sign in with it at /ops.
            """,
        subcommands: [Create.self, List.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key and print it, alone, on standard output.")
        @OptionGroup var database: DatabaseSession
        @Argument(help: "Who or what will use it, up to 100 characters.") var name: String
        @Option(help: "What it opens: \(OperatorRole.allCases.map(\.rawValue).joined(separator: ", ")).")
        var role: RoleArgument
        @Option(name: .customLong("for"), help: "How long, such as 12h or 90d. Without it: until it is revoked.")
        var length: DurationArgument?
        @Option(help: "How to print the result.") var output = OutputFormat.text

        func validate() throws {
            guard (1...100).contains(self.name.count), !self.name.contains(where: \.isNewline) else {
                throw ValidationError("a key's name is one line of 1 to 100 characters")
            }
        }

        func run() async throws {
            let (name, role, length) = (self.name, self.role.role, self.length)
            let issued = try await self.database.withAudit { database, audit in
                let act = OperatorAct("key.issue", on: "role \(role.rawValue)", reason: name)
                return try await audit.recording(
                    act, by: .commandLine, detail: { (issued: IssuedOperatorKey) in #"{"key":\#(issued.key.id)}"# }
                ) {
                    var generator = SystemRandomNumberGenerator()
                    return try await OperatorKeys(database: database).issue(
                        name: name, role: role, lifetime: length?.duration, by: .commandLine, using: &generator)
                }
            }
            switch self.output {
            case .json: try Terminal.put(json: Report(key: KeyReport(issued.key), token: issued.token))
            case .text:
                Terminal.say("key \(issued.key.id) of the role \(role.rawValue); it is not shown again:")
                Terminal.put(issued.token)
            }
        }

        struct Report: Encodable {
            var key: KeyReport
            var token: String
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Every key, the newest first.")
        @OptionGroup var database: DatabaseSession
        @Option(help: "How to print it.") var output = OutputFormat.text

        func run() async throws {
            let keys = try await self.database.with { database, _ in try await OperatorKeys(database: database).list() }
            switch self.output {
            case .json: try Terminal.put(json: keys.map(KeyReport.init))
            case .text:
                if keys.isEmpty { Terminal.say("there is no key; lectern key create makes one") }
                for key in keys.map(KeyReport.init) {
                    Terminal.put(
                        [
                            "\(key.id)", key.role, key.state, key.lastUsedAt.map { "used \($0)" } ?? "never used",
                            key.name,
                        ].joined(separator: "\t"))
                }
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End a key and every session that began with it.")
        @OptionGroup var database: DatabaseSession
        @Argument(help: "The key's number, as `key list` prints it.") var id: Int64

        func run() async throws {
            let id = self.id
            let was = try await self.database.withAudit { database, audit in
                try await audit.recording(OperatorAct("key.revoke", on: "key \(id)"), by: .commandLine) {
                    try await OperatorKeys(database: database).revoke(id)
                }
            }
            guard was else { throw CommandFailure(.notFound, "there is no key \(id) that opens anything") }
            Terminal.put("key \(id) opens nothing any more")
        }
    }

    struct KeyReport: Encodable {
        var id: Int64
        var name: String
        var role: String
        var state: String
        var createdAt: String
        var createdBy: String
        var expiresAt: String?
        var lastUsedAt: String?

        init(_ key: OperatorKey) {
            self.id = key.id
            self.name = key.name
            self.role = key.role.rawValue
            self.state = key.revokedAt != nil ? "revoked" : key.isValid(at: .now) ? "valid" : "expired"
            self.createdAt = key.createdAt.formatted(.iso8601)
            self.createdBy = key.createdBy
            self.expiresAt = key.expiresAt?.formatted(.iso8601)
            self.lastUsedAt = key.lastUsedAt?.formatted(.iso8601)
        }
    }
}

/// A role by its name.
struct RoleArgument: ExpressibleByArgument {
    let role: OperatorRole

    init?(argument: String) {
        guard let role = OperatorRole(rawValue: argument) else { return nil }
        self.role = role
    }
}
