import ArgumentParser
import JobQueuePostgres

struct JobWhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Why the job is not running.",
        discussion: """
            The most important reason first. In JSON each has a code for programs beside its sentence, and the estimate
            its times in milliseconds from now.
            """)
    @OptionGroup var target: JobCommand.Target
    @Option(help: "How to print it.") var output = OutputFormat.text

    func run() async throws {
        let id = try self.target.jobID()
        let (reasons, estimate) = try await self.target.database.with { database, _ in
            let inspector = JobInspector(database: database)
            return (try await inspector.explain(id), try await inspector.estimate(of: id))
        }
        guard reasons.first?.code != .noSuchJob else { throw CommandFailure(.notFound, reasons[0].sentence) }
        switch self.output {
        case .json:
            try Terminal.put(json: Report(id: id.description, reasons: reasons, estimate: estimate.map(Times.init)))
        case .text:
            for reason in reasons { Terminal.put("\(reason.code.rawValue): \(reason.sentence)") }
            if let start = estimate?.start, start.expected > .zero {
                Terminal.put("starts in about \(start.expected), at most \(start.range.upperBound)")
            }
            if let end = estimate?.end {
                Terminal.put("ends in about \(end.expected), at most \(end.range.upperBound)")
            }
        }
    }

    private struct Report: Encodable {
        var id: String
        var reasons: [JobReason]
        var estimate: Times?
    }

    private struct Times: Encodable {
        struct Span: Encodable {
            var expectedMs: Int
            var lowMs: Int
            var highMs: Int

            init(_ span: JobEstimate.Span) {
                self.expectedMs = Int(span.expected / .milliseconds(1))
                self.lowMs = Int(span.range.lowerBound / .milliseconds(1))
                self.highMs = Int(span.range.upperBound / .milliseconds(1))
            }
        }

        var ahead: Int?
        var slots: Int
        var start: Span?
        var end: Span?

        init(_ estimate: JobEstimate) {
            self.ahead = estimate.position
            self.slots = estimate.slots
            self.start = estimate.start.map(Span.init)
            self.end = estimate.end.map(Span.init)
        }
    }
}
