import Postgres

/// How far a drain has come.
public struct DrainProgress: Hashable, Sendable {
    /// Runs under way, those among them that a worker claimed ahead and has not started.
    public var running: Int
    /// Since the pause.
    public var elapsed: Duration
}

extension QueueControl {
    /// Pauses the target for ever and waits until nothing of it runs, `timeout` at the most. The pause stays.
    ///
    /// Answers the runs still under way: 0 when it is drained.
    ///
    /// - Parameters:
    ///   - clock: tells the time and the pauses between two looks.
    ///   - report: called after every look.
    public func drain(
        _ target: ControlTarget, timeout: Duration, reason: String? = nil, actor: String? = nil,
        clock: some Clock<Duration> = ContinuousClock(), report: (DrainProgress) -> Void = { _ in }
    ) async throws -> Int {
        try await self.pause(target, reason: reason, actor: actor)
        let start = clock.now
        while true {
            let running = try await self.runningCount(of: target)
            let elapsed = start.duration(to: clock.now)
            report(DrainProgress(running: running, elapsed: elapsed))
            if running == 0 || elapsed >= timeout { return running }
            try await clock.sleep(for: min(.milliseconds(250), timeout - elapsed))
        }
    }

    /// Reads every lease: there are as many as the fleet has slots. Locks nothing.
    private func runningCount(of target: ControlTarget) async throws -> Int {
        try await self.database.queryOne(
            """
            SELECT count(*) AS n FROM lectern.lease
            WHERE queue = \(target.queue) AND (\(target.kind)::text IS NULL OR kind = \(target.kind))
            """, timeout: .seconds(5))?.decode("n") ?? 0
    }
}
