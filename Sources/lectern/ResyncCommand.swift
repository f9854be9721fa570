import ArgumentParser
import Foundation
import JobQueue
import JobQueuePostgres
import PipelineJobs
import ProcessBootstrap

struct ResyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resync", abstract: "Publish a book's folder.",
        discussion: """
            Puts a job into the queue; the sync worker reads the folder, so it must be able to.

            EXAMPLES
              lectern resync --path Deploy/sample-book
              lectern resync --path book --commit "$GITHUB_SHA" --wait --timeout 600 --output json
            """)

    @OptionGroup var database: DatabaseSession
    @Option(help: "The book's folder.") var path: String
    @Option(help: "What the author calls this state of the book.") var commit: String?
    @Flag(help: "Wait for the verdict.") var wait = false
    @Option(help: "Seconds to wait at the most.") var timeout = 600
    @Option(help: "How to print the result.") var output = OutputFormat.text

    func run() async throws {
        let folder = URL(fileURLWithPath: self.path).standardizedFileURL.path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw CommandFailure(.notFound, "\(folder) is not a folder")
        }
        let (commit, wait, timeout) = (self.commit, self.wait, self.timeout)
        let (job, result) = try await self.database.with { database, process in
            let queue = PostgresJobQueue(database: database, logger: process.logger)
            let job = try await queue.enqueue(
                SyncBook(path: folder, revision: commit), options: EnqueueOptions(actor: "cli"))
            guard wait else { return (job, String?.none) }
            let end = try await JobWatch(database: database).wait(for: job.id, timeout: .seconds(timeout))
            return (job, end.result)
        }
        switch self.output {
        case .text:
            Terminal.put(result.map { "published: \($0)" } ?? "accepted as job \(job.id)")
        case .json:
            Terminal.put(result ?? "{\"job\":\"\(job.id)\"}")
        }
    }
}
