import ArgumentParser
import JobQueuePostgres
import Operators
import Postgres
import ProcessBootstrap
import Textbook
import TextbookSync

struct ReleaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "The book's releases: look, compare, take back.",
        discussion: """
            EXAMPLES
              lectern release list
              lectern release diff 41 42
              lectern release rollback            readers see the release before the present one
              lectern release rollback --to 41
            """,
        subcommands: [List.self, Show.self, Diff.self, Rollback.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "The newest releases.")
        @OptionGroup var database: DatabaseSession
        @Option(help: "Releases at the most.") var limit = 20
        @Option(help: "How to print the result.") var output = OutputFormat.text

        func run() async throws {
            let limit = max(1, min(self.limit, 1_000))
            let releases = try await self.database.releases { try await $0.list(limit) }
            switch self.output {
            case .json: try Terminal.put(line: releases)
            case .text:
                for release in releases { Terminal.put(ReleaseCommand.line(release)) }
                if releases.isEmpty { Terminal.say("there is no release") }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "One release.")
        @OptionGroup var database: DatabaseSession
        @Argument(help: "Its number; the one that readers see where none is given.") var id: Int64?
        @Option(help: "How to print the result.") var output = OutputFormat.text

        func run() async throws {
            let id = self.id
            let release = try await self.database.releases { releases in
                if let id { return try await releases.show(id) }
                return try await releases.active()
            }
            switch self.output {
            case .json: try Terminal.put(line: release)
            case .text:
                Terminal.put(ReleaseCommand.line(release))
                if let error = release.error { Terminal.put(error) }
            }
        }
    }

    struct Diff: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "diff", abstract: "What lies between two releases.")
        @OptionGroup var database: DatabaseSession
        @Argument(help: "The number of the earlier one.") var from: Int64
        @Argument(help: "The number of the later one.") var to: Int64
        @Option(help: "How to print the result.") var output = OutputFormat.text

        func run() async throws {
            let (from, to) = (self.from, self.to)
            let plan = try await self.database.releases { try await $0.diff(from: from, to: to) }
            let changes = plan.operations.filter { $0.kind != .unchanged }
            switch self.output {
            case .json: try Terminal.put(line: changes)
            case .text:
                for change in changes {
                    let old = change.kind == .rename ? "\(change.old?.lesson.slug ?? "") -> " : ""
                    Terminal.put("\(change.kind.rawValue)\t\(old)\(change.slug)")
                }
                if plan.changesStructure { Terminal.put("structure\tparts or chapters differ") }
                if plan.isEmpty { Terminal.say("nothing differs") }
            }
        }
    }

    struct Rollback: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rollback", abstract: "Show readers an earlier release again.",
            discussion: "Takes effect at once; one of the last \(ReleaseDirectory.kept) can be shown.")
        @OptionGroup var database: DatabaseSession
        @Option(help: "The release to show; the one before the present one where nothing is said.") var to: Int64?
        @Option(help: "How to print the result.") var output = OutputFormat.text

        func run() async throws {
            let to = self.to
            let act = OperatorAct("release.rollback", on: to.map { "release \($0)" } ?? "the release before")
            let release = try await self.database.releases(act) { try await $0.rollBack(to: to) }
            switch self.output {
            case .json: try Terminal.put(line: release)
            case .text: Terminal.put("readers see release \(release.id) of \(release.book)")
            }
        }
    }

    private static func line(_ release: ReleaseSummary) -> String {
        [
            "\(release.id)", release.state, release.publishedAt ?? release.createdAt, "\(release.lessons) lessons",
            release.revision ?? "", release.book,
        ].joined(separator: "\t")
    }
}

extension DatabaseSession {
    /// The releases, with their errors as exit codes.
    ///
    /// - Parameter act: is written down before and after `body`.
    func releases<T: Sendable>(
        _ act: OperatorAct? = nil, _ body: (ReleaseDirectory) async throws -> T
    ) async throws -> T {
        try await self.with { database, process in
            let directory = ReleaseDirectory(
                database: database, queue: PostgresJobQueue(database: database, logger: process.logger),
                bookSlug: process.settings.book)
            do {
                guard let act else { return try await body(directory) }
                return try await AuditTrail(database: database).recording(act, by: .commandLine) {
                    try await body(directory)
                }
            } catch let error as ReleaseError {
                throw CommandFailure(error.code == .notShowable ? .guarded : .notFound, error.message)
            }
        }
    }
}
