import ArgumentParser
import Operators

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Read what operators did, and prove that nobody changed it.",
        discussion: """
            EXAMPLES
              lectern audit list
              lectern audit list --subject "queue personalize" --output jsonl
              lectern audit verify                      the chain holds, and this is its end
              lectern audit verify --head 811:ab34…     and nothing since then was cut off

            Keep what verify prints somewhere else: it is what a later verify is measured against.
            """,
        subcommands: [List.self, Verify.self])

    enum ListFormat: String, ExpressibleByArgument, CaseIterable {
        case text, json, jsonl
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The newest lines.")
        @OptionGroup var database: DatabaseSession
        @Option(help: "Only what was done to this, such as `job 17`.") var subject: String?
        @Option(help: "Only lines before this one.") var before: Int64?
        @Option(help: "How many, from 1 to \(AuditTrail.maximumLimit).") var limit = 50
        @Option(help: "How to print it.") var output = ListFormat.text

        func validate() throws {
            guard (1...AuditTrail.maximumLimit).contains(self.limit) else {
                throw ValidationError("--limit takes a number from 1 to \(AuditTrail.maximumLimit)")
            }
        }

        func run() async throws {
            let (subject, before, limit) = (self.subject, self.before, self.limit)
            let lines = try await self.database.withAudit { _, audit in
                try await audit.lines(before: before, subject: subject, limit: limit)
            }.map(AuditLineReport.init)
            switch self.output {
            case .json: try Terminal.put(json: lines)
            case .jsonl: for line in lines { try Terminal.put(line: line) }
            case .text:
                if lines.isEmpty { Terminal.say("nothing was done yet") }
                for line in lines {
                    Terminal.put(
                        [
                            "\(line.id)", line.at, line.actor, line.action, line.subject, line.outcome,
                            line.reason ?? "",
                        ].joined(separator: "\t"))
                }
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Recompute the whole chain and print its end.",
            discussion: "Exits 7 at the first line that does not hold.")
        @OptionGroup var database: DatabaseSession
        @Option(help: "An end that was printed before, such as 811:ab34….") var head: HeadArgument?
        @Option(help: "How to print the result.") var output = OutputFormat.text

        func run() async throws {
            let anchor = self.head?.head
            let head: AuditChain.Head
            do {
                head = try await self.database.withAudit { _, audit in try await audit.verify(anchor: anchor) }
            } catch let broken as AuditChain.Break {
                throw CommandFailure(.permanent, "the audit log does not hold: \(broken)")
            }
            switch self.output {
            case .json: try Terminal.put(json: ["head": head.text])
            case .text: Terminal.put("\(head.id) lines hold; the end is \(head.text)")
            }
        }
    }

    /// `811:` and 64 hexadecimal digits.
    struct HeadArgument: ExpressibleByArgument {
        let head: AuditChain.Head

        init?(argument: String) {
            guard let head = AuditChain.Head(argument) else { return nil }
            self.head = head
        }
    }
}
