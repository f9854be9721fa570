import ArgumentParser
import JobQueue
import PipelineJobs

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Try the rules of operation by computation; needs no database.",
        subcommands: [Autoscale.self])

    struct Autoscale: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Play a day's load and a resync burst against the autoscaling rules of Jobs/queues.yaml.",
            discussion: """
                EXAMPLES
                  lectern bench autoscale
                  lectern bench autoscale --seeds 20 --output json

                The fleet is looked at every 15 s, a process takes 40 s to start, lower wishes are held back for 600 s.
                """)
        @Option(help: "How many days to play, each with other random numbers.") var seeds = 5
        @Option(help: "How to print it.") var output = OutputFormat.text

        func validate() throws {
            guard (1...1_000).contains(self.seeds) else { throw ValidationError("--seeds is from 1 to 1000") }
        }

        func run() throws {
            let rules = try QueueNumbers.bundled().autoscale
            var reports: [Report] = []
            for scenario in Scenario.all(rules) {
                for seed in 1...UInt64(self.seeds) {
                    let outcome = AutoscaleSimulation(scenario.setting).run(seed: seed)
                    reports.append(Report(scenario.name, seed, scenario.setting.rule, outcome))
                }
            }
            switch self.output {
            case .json: try Terminal.put(json: reports)
            case .text:
                Terminal.put("scenario\tseed\tjobs\twithin target\t99 % wait\tburst\tmost\tmean\tbusy\tchanges\tflaps")
                for report in reports { Terminal.put(report.line) }
            }
        }
    }

    /// A load to play.
    struct Scenario {
        var name: String
        var setting: AutoscaleSimulation.Setting

        static func all(_ rules: [String: AutoscaleRule]) -> [Scenario] {
            [Self.day(rules["personalize"] ?? AutoscaleRule()), Self.resync(rules["embed"] ?? AutoscaleRule())]
        }

        /// Learners of one continent: nearly nobody at night, 40 lessons a second at the evening's peak, and a school
        /// that starts at ten past eight.
        private static func day(_ rule: AutoscaleRule) -> Scenario {
            var setting = AutoscaleSimulation.Setting(
                rule: rule, perReplica: 16, meanRun: .seconds(3), length: .seconds(86_400), highestRate: 40
            ) { time in
                let hour = time / .seconds(3_600)
                let evening = max(0, 1 - abs(hour - 19) / 5), noon = max(0, 1 - abs(hour - 11) / 4)
                return 0.5 + 36 * evening * evening + 14 * noon
            }
            setting.bursts = [(at: .seconds(29_400), jobs: 300)]
            return Scenario(name: "day_of_learners", setting: setting)
        }

        /// A trickle of edits, and at noon a book of 3,000 lessons.
        private static func resync(_ rule: AutoscaleRule) -> Scenario {
            var setting = AutoscaleSimulation.Setting(
                rule: rule, perReplica: 4, meanRun: .milliseconds(400), length: .seconds(6 * 3_600), highestRate: 0.5
            ) { _ in 0.1 }
            setting.bursts = [(at: .seconds(3 * 3_600), jobs: 3_000)]
            return Scenario(name: "resync_burst", setting: setting)
        }
    }

    struct Report: Encodable {
        var scenario: String
        var seed: UInt64
        var targetWaitS: Double
        var jobs: Int
        var withinTarget: Double
        var wait99S: Double
        var burstWaitS: Double
        var mostReplicas: Int
        var meanReplicas: Double
        var busyReplicas: Double
        var changes: Int
        var flaps: Int

        init(_ name: String, _ seed: UInt64, _ rule: AutoscaleRule, _ outcome: AutoscaleSimulation.Outcome) {
            self.scenario = name
            self.seed = seed
            self.targetWaitS = rule.targetWait / .seconds(1)
            self.jobs = outcome.jobs
            self.withinTarget = outcome.withinTarget
            self.wait99S = outcome.wait99 / .seconds(1)
            self.burstWaitS = outcome.burstWait / .seconds(1)
            self.mostReplicas = outcome.mostReplicas
            self.meanReplicas = outcome.meanReplicas
            self.busyReplicas = outcome.busyReplicas
            self.changes = outcome.changes
            self.flaps = outcome.flaps
        }

        var line: String {
            let numbers = [self.wait99S, self.burstWaitS].map { "\(($0 * 10).rounded() / 10) s" }
            let fleet = [self.meanReplicas, self.busyReplicas].map { "\(($0 * 100).rounded() / 100)" }
            let share = "\((self.withinTarget * 10_000).rounded() / 100) %"
            return
                ([self.scenario, "\(self.seed)", "\(self.jobs)", share] + numbers + ["\(self.mostReplicas)"] + fleet
                + ["\(self.changes)", "\(self.flaps)"]).joined(separator: "\t")
        }
    }
}
