public import FoundationEssentials
public import Postgres

/// The operators' hand on the queue: pauses, limits and other numbers, changed while everything runs.
///
/// Workers take over limits and pauses at their next claim, slots and prefetch at their next heartbeat. Errors are those
/// of the database; a target that stays busy for ``patience`` fails with a transient one, and nothing was changed.
public struct QueueControl: Sendable {
    /// When a pause ends.
    public enum PauseEnd: Hashable, Sendable {
        /// By ``QueueControl/resume(_:)`` only.
        case never
        case at(Date)
        /// After this time, by the database's clock.
        case after(Duration)
    }

    /// How long a change waits for claims and ends of runs under way.
    static let patience: Duration = .seconds(10)
    /// Rows that one statement lets go.
    static let portion: Int32 = 5_000

    let database: PostgresClient

    public init(database: PostgresClient) {
        self.database = database
    }

    /// Pauses the target. Once this returns, no claim starts a run of it; what a worker holds already goes on.
    ///
    /// Answers when the pause ends, `nil` for never. A second pause takes the place of the first.
    ///
    /// - Parameter actor: who asks, a machine word for the record.
    @discardableResult
    public func pause(
        _ target: ControlTarget, until end: PauseEnd = .never, reason: String? = nil, actor: String? = nil
    ) async throws -> Date? {
        let (instant, milliseconds): (Date?, Int64?) =
            switch end {
            case .never: (nil, nil)
            case .at(let instant): (instant, nil)
            case .after(let time): (nil, max(0, time.milliseconds))
            }
        // Waits for claims under way, behind the queue's lock; writes one row.
        return try await self.patiently {
            try await self.database.queryOne(
                """
                SELECT lectern.pause(\(target.queue), \(target.kind), \(instant)::timestamptz, \(milliseconds)::int8,
                                     \(reason), \(actor)) AS ends
                """)?.decode("ends", as: Date?.self)
        }
    }

    /// Ends a pause: everything that it held back may run again, as far as limits allow. True when there was a pause.
    @discardableResult
    public func resume(_ target: ControlTarget) async throws -> Bool {
        // Waits for claims under way, behind the queue's lock; writes one row.
        let was = try await self.patiently {
            try await self.database.queryOne("SELECT lectern.resume(\(target.queue), \(target.kind)) AS was")?
                .decode("was", as: Bool.self) ?? false
        }
        try await self.letGo(target)
        return was
    }

    /// Lets rows go that wait at the target's gate, as far as it has room, and wakes the workers.
    func letGo(_ target: ControlTarget) async throws {
        var opened = Self.portion
        while opened == Self.portion {
            // Locks the gate for the time of one portion. A rare act may carry its notification itself.
            let row = try await self.database.queryOne(
                """
                SELECT lectern.reopen(\(target.gate), \(Self.portion)) AS opened,
                       pg_notify(\(QueueWaker.channel), \(target.queue))
                """)
            opened = try row?.decode("opened") ?? 0
        }
    }

    /// Tries again while the database answers that a lock was not to be had in time.
    func patiently<T: Sendable>(_ body: () async throws -> T) async throws -> T {
        let clock = ContinuousClock()
        let end = clock.now + Self.patience
        while true {
            do {
                return try await body()
            } catch let error as PostgresError where error.sqlState == "55P03" && clock.now < end {
                try await clock.sleep(for: .milliseconds(Int64.random(in: 20...80)))
            }
        }
    }
}
