public import FoundationEssentials
public import JobQueuePostgres

extension ModelLedger {
    /// How long attempts and daily sums are kept.
    public static let retention = Duration.seconds(90 * 86_400)

    /// Deletes what is older than ``retention``, once an hour; for the leader of the fleet.
    public func retentionDuty(now: @escaping @Sendable () -> Date = { Date() }) -> LeaderDuty {
        LeaderDuty("model_ledger", every: .seconds(3_600)) {
            let portion = 5_000
            let end = now().addingTimeInterval(-(Self.retention / .seconds(1)))
            return try await self.prune(before: end, portion: portion) < portion ? nil : .seconds(1)
        }
    }
}
