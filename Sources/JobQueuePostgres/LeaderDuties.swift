public import Logging
public import Postgres
import Synchronization

extension LeaderDuty {
    /// Everything that the leader of the queue does.
    public static func all(
        database: PostgresClient, queue: PostgresJobQueue, timetable: [CronEntry], logger: Logger
    ) -> [LeaderDuty] {
        let cron = CronService(database: database, queue: queue, entries: timetable, logger: logger)
        let upkeep = QueueUpkeep(database: database)
        let control = QueueControl(database: database)
        let gates = Mutex(GateSweepPosition())
        return [
            LeaderDuty("cron", every: CronService.longestPause) { try await cron.fireDue() },
            LeaderDuty("clock", every: .seconds(5)) {
                try await upkeep.publishClock()
                return nil
            },
            // One round at a time, so nobody else moves the position meanwhile.
            LeaderDuty("gates", every: .seconds(5)) {
                var position = gates.withLock { $0 }
                _ = try await control.sweepGates(&position)
                gates.withLock { [position] in $0 = position }
                return nil
            },
            LeaderDuty("waiters", every: .seconds(10)) {
                try await upkeep.sweepWaiters() >= QueueUpkeep.portion ? .seconds(1) : nil
            },
            LeaderDuty("expired", every: .seconds(10)) {
                try await upkeep.sweepExpired() >= QueueUpkeep.portion ? .seconds(1) : nil
            },
            LeaderDuty("leftovers", every: .seconds(600)) {
                try await upkeep.sweepLeftovers() >= QueueUpkeep.portion ? .seconds(1) : nil
            },
            LeaderDuty("requests", every: .seconds(600)) {
                try await upkeep.sweepRequests() >= QueueUpkeep.portion ? .seconds(1) : nil
            },
            // A table that is too busy for its short lock is met again at the next round.
            LeaderDuty("partitions", every: .seconds(600)) {
                try await upkeep.makePartitions()
                return nil
            },
            LeaderDuty("retention", every: .seconds(600)) {
                for name in try await upkeep.dropOldPartitions() {
                    logger.info("a partition was dropped", metadata: ["partition": "\(name)"])
                }
                return try await upkeep.sweepRetention() >= QueueUpkeep.portion ? .seconds(1) : nil
            },
        ]
    }
}
