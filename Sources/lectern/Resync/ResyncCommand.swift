import ArgumentParser
import Foundation
import PipelineJobs
import ProcessBootstrap
import TextbookSync

struct ResyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resync", abstract: "Publish a book's folder.",
        discussion: """
            Has the sync worker read the folder, which it must be able to; with --url the files are sent to the API
            instead, so that the folder may stand anywhere. Readers see the new state when all of it is in place, or
            what they saw before.

            EXAMPLES
              lectern resync --path Deploy/sample-book --wait
              lectern resync --path book --plan
              lectern resync --path book --commit "$GITHUB_SHA" --url https://api.example.org --token-file token \\
                --wait --annotate github --summary "$GITHUB_STEP_SUMMARY"

            EXIT CODES
              0 ok   5 try again   6 some files did not get through   7 the book has errors   8 a guard stopped it
              9 nothing changed (with --error-on-no-change)   10 the wait timed out   11 a newer state took its place
            """)

    @OptionGroup var database: DatabaseSession
    @Option(help: "The book's folder.") var path: String
    @Option(help: "What the author calls this state of the book.") var commit: String?
    @Option(help: "When the author made it, in seconds since 1970: older than what readers see is stopped.")
    var committedAt: Int64?
    @Flag(help: "Say what would change, and change nothing.") var plan = false
    @Option(help: "Carry out this plan and no other, by its plan_hash.") var approve: String?
    @Option(help: "Lessons that may be deleted; a tenth, or 5, where nothing is said.") var maxDelete: Int?
    @Flag(help: "An older state may take the place of a newer one.") var allowOlder = false
    @Flag(help: "Wait for the verdict.") var wait = false
    @Option(help: "Seconds to wait at the most.") var timeout = 600
    @Option(help: "Send the files to this API instead of naming the folder to a worker.") var url: String?
    @Option(help: "A file with the operators' token, for --url.") var tokenFile: String?
    @Option(help: "Show findings in the form of a CI system.") var annotate: ResyncAnnotations?
    @Option(help: "Append a summary in Markdown to this file.") var summary: String?
    @Flag(help: "Exit with 9 when nothing changed.") var errorOnNoChange = false
    @Option(help: "How to print the result.") var output = ResyncOutput.text

    func run() async throws {
        let folder = URL(fileURLWithPath: self.path).standardizedFileURL.path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw CommandFailure(.notFound, "\(folder) is not a folder")
        }
        var wish = SyncBook(path: folder, revision: self.commit)
        wish.committedAt = self.committedAt
        wish.maximumDeletes = self.maxDelete
        wish.approvedPlan = self.approve
        wish.onlyPlan = self.plan ? true : nil
        wish.allowsOlder = self.allowOlder ? true : nil
        let order = wish
        if let url {
            try await self.follow(try RemoteResyncs(url: url, tokenFile: self.tokenFile), order)
        } else {
            try await self.database.with { database, process in
                try await self.follow(LocalResyncs(database: database, logger: process.logger), order)
            }
        }
    }

    private func follow(_ resyncs: some ResyncClient, _ order: SyncBook) async throws {
        var (status, isKnown) = try await resyncs.start(order)
        // What readers see already had been asked for in just this state.
        if isKnown, status.state == .done { status.report?.outcome = .unchanged }
        guard self.wait || self.plan else { return try self.report(status) }
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(self.timeout)
        var display = ResyncDisplay(output: self.output)
        while !status.done {
            display.show(status, now: clock.now)
            guard clock.now < deadline else {
                display.end()
                throw CommandFailure(
                    .timedOut,
                    "resync \(status.id) is still \(status.state.rawValue) after \(self.timeout) s; it goes on by itself"
                )
            }
            try await clock.sleep(for: resyncs.pause)
            status = try await resyncs.status(of: status.id)
        }
        display.end()
        try self.report(status)
    }

    private func report(_ status: ResyncStatus) throws {
        if let annotate { annotate.put(status, folder: self.path) }
        if let summary { try ResyncSummary.append(status, to: summary) }
        switch self.output {
        case .json, .jsonl: try Terminal.put(line: status)
        // What went wrong is said on standard error, with the failure.
        case .text: if status.failure == nil { Terminal.put(ResyncSummary.text(status)) }
        }
        if let failure = status.failure { throw failure }
        if self.errorOnNoChange, status.report?.outcome == .unchanged {
            throw CommandFailure(.unchanged, "nothing changed")
        }
    }
}

/// How a resync is told.
enum ResyncOutput: String, ExpressibleByArgument, CaseIterable {
    case text, json
    /// One line of JSON for every change of its state.
    case jsonl
}

extension ResyncStatus {
    /// What its end means for an exit code; `nil` when all went well or it is still under way.
    var failure: CommandFailure? {
        switch self.state {
        case .cancelled: return CommandFailure(.cancelled, self.error?.message ?? "the resync was cancelled")
        case .failed:
            let error = self.error ?? .init(code: "failed", message: "no reason was given")
            let code: ExitStatus
            switch error.code {
            case "no_lessons", "too_many_deletes", "plan_changed", "older_revision", "book_unreadable": code = .guarded
            case "not_stored", "not_indexed": code = .partial
            case "release_moved": code = .temporary
            default: code = .permanent
            }
            return CommandFailure(code, "\(error.code): \(error.message)")
        case .queued, .planning, .storing, .indexing, .publishing, .aliasing, .done: return nil
        }
    }
}
