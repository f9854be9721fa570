import JobQueue
import Testing

@Suite struct AutoscaleTests {
    private static let rule = AutoscaleRule(targetWait: .seconds(10), replicas: 1...20)

    @Test(arguments: [
        (0, 0, 1),  // Nothing to do: the least there may be.
        (0, 8, 2),  // Runs under way keep their processes.
        (50, 8, 5),  // Fifty jobs of two seconds within ten seconds: ten slots beside the eight.
        (1_000_000, 8, 20),  // Never more than the most there may be.
    ])
    func `a queue gets slots for what runs and for what is due`(due: Int, running: Int, expected: Int) {
        let load = AutoscaleRule.Load(due: due, running: running, meanRun: .seconds(2), perReplica: 4)
        #expect(Self.rule.desired(for: load) == expected)
    }

    @Test func `no process is asked for that a limit on runs would keep idle`() {
        var load = AutoscaleRule.Load(due: 10_000, running: 9, meanRun: .seconds(2), perReplica: 4, maxRunning: 9)
        #expect(Self.rule.desired(for: load) == 3)
        load.maxRunning = 0
        #expect(Self.rule.desired(for: load) == 1)
    }

    @Test func `a lower wish is followed only when no higher one was heard for a while`() {
        var stabilizer = ScaleStabilizer(window: .seconds(300))
        #expect(stabilizer.settle(2, at: .seconds(0)) == 2)
        #expect(stabilizer.settle(7, at: .seconds(15)) == 7)
        #expect(stabilizer.settle(3, at: .seconds(30)) == 7)
        #expect(stabilizer.settle(1, at: .seconds(314)) == 7)
        #expect(stabilizer.settle(1, at: .seconds(315)) == 3)
        #expect(stabilizer.settle(1, at: .seconds(330)) == 1)
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `a day's waves are followed in time and without flapping`(seed: UInt64) {
        let setting = AutoscaleSimulation.Setting(
            rule: AutoscaleRule(targetWait: .seconds(5), replicas: 1...20), perReplica: 16, meanRun: .seconds(3),
            length: .seconds(6 * 3_600), highestRate: 40
        ) { time in
            let hour = time / .seconds(3_600)
            return 0.5 + 39 * max(0, 1 - abs(hour - 3) / 2.5)
        }
        let outcome = AutoscaleSimulation(setting).run(seed: seed)
        #expect(outcome.jobs > 100_000)
        #expect(outcome.withinTarget >= 0.98)
        #expect(outcome.flaps == 0)
        #expect(outcome.meanReplicas <= 1.6 * max(1, outcome.busyReplicas))
    }

    @Test func `a burst is worked off within the target and the time that processes take to start`() {
        var setting = AutoscaleSimulation.Setting(
            rule: AutoscaleRule(targetWait: .seconds(60), replicas: 1...20), perReplica: 4, meanRun: .milliseconds(400),
            length: .seconds(3_600), highestRate: 0.5
        ) { _ in 0.1 }
        setting.bursts = [(at: .seconds(600), jobs: 3_000)]
        let outcome = AutoscaleSimulation(setting).run(seed: 1)
        #expect(outcome.burstWait <= .seconds(60) + setting.startTime + setting.pollInterval)
        #expect(outcome.burstWait > .seconds(10))
        #expect(outcome.mostReplicas > 4)
        #expect(outcome.flaps == 0)
    }

    @Test func `the same seed plays the same day`() {
        let setting = AutoscaleSimulation.Setting(
            rule: AutoscaleRule(), perReplica: 2, meanRun: .seconds(1), length: .seconds(600), highestRate: 3
        ) { _ in 2 }
        let simulation = AutoscaleSimulation(setting)
        #expect(simulation.run(seed: 7) == simulation.run(seed: 7))
        #expect(simulation.run(seed: 7) != simulation.run(seed: 8))
    }
}
