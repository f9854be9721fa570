import ArgumentParser
import JobQueuePostgres

struct AutoscaleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "autoscale", abstract: "How many worker processes every queue should have, and why.",
        discussion: """
            EXAMPLES
              lectern autoscale
              lectern autoscale --output json | jq .personalize.desired

            Enough slots for what runs, and to start all that is due within the queue's target. The targets stand in
            Jobs/queues.yaml. The wish goes up and down at once; whoever follows it should hold lower ones back for
            some minutes, as Kubernetes does.
            """)
    @OptionGroup var database: DatabaseSession
    @Option(help: "How to print it.") var output = OutputFormat.text

    func run() async throws {
        let scales = try await self.database.with { database, _ in try await QueueScales(database: database).all() }
        switch self.output {
        case .json: try Terminal.put(json: QueueScaleReport.byQueue(scales))
        case .text:
            Terminal.put("queue\tdesired\tqueued\trunning\toldest\tper process\tmean run\ttarget\tbounds")
            for scale in scales {
                let report = QueueScaleReport(scale)
                Terminal.put(
                    [
                        scale.queue, "\(report.desired)", "\(report.queued)", "\(report.running)",
                        "\(report.oldestAgeS) s", "\(report.capacityPerReplica)", "\(report.meanRunMs) ms",
                        "\(report.targetWaitS) s", "\(report.minReplicas) to \(report.maxReplicas)",
                    ].joined(separator: "\t"))
            }
        }
    }
}
