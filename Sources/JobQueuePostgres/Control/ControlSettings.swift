public import FoundationEssentials
import Postgres

/// What operators have said of one queue or kind.
public struct ControlSettings: Hashable, Sendable {
    public var target: ControlTarget
    /// `nil` when it is not paused.
    public var pause: Pause?
    /// `nil` for no limit.
    public var maxRunning: Int?
    /// Of a queue only; `nil` leaves it to the worker.
    public var slots: Int?
    /// Of a queue only; `nil` leaves it to the worker.
    public var prefetch: Int?
    /// Of a queue only; `nil` for the engine's own waits.
    public var ageing: LaneAgeing?
    /// Of a kind only; `nil` leaves it to the job.
    public var timeout: Duration?
    /// Of a kind only; `nil` leaves it to the job.
    public var maxAttempts: Int?
    /// The numbers that stand above the operators' file, in the order of their names.
    public var byHand: [String]

    public struct Pause: Hashable, Sendable {
        /// `nil` for no end.
        public var until: Date?
        public var reason: String?
        public var actor: String?
    }
}

extension QueueControl {
    /// Queues and kinds of which something was said: a queue first, then its kinds, by name.
    public func settings() async throws -> [ControlSettings] {
        // Two small tables; locks nothing.
        try await self.database.query(
            """
            SELECT queue, NULL AS kind, coalesce(paused_until > now(), false) AS paused,
                   CASE WHEN isfinite(paused_until) THEN paused_until END AS until, reason, actor, max_running, slots,
                   prefetch, ageing_ms[1] AS standard_ms, ageing_ms[2] AS bulk_ms, NULL::int AS timeout_ms,
                   NULL::int AS max_attempts, by_hand
            FROM lectern.queue_control
            UNION ALL
            SELECT queue, kind, coalesce(paused_until > now(), false),
                   CASE WHEN isfinite(paused_until) THEN paused_until END, reason, actor, max_running, NULL, NULL, NULL,
                   NULL, timeout_ms, max_attempts, by_hand
            FROM lectern.kind_control
            ORDER BY queue, kind NULLS FIRST
            """, timeout: .seconds(5)
        ).map { row in
            let queue: String = try row.decode("queue")
            let kind = try row.decode("kind", as: String?.self)
            let standard = try row.decode("standard_ms", as: Int?.self)
            let bulk = try row.decode("bulk_ms", as: Int?.self)
            return ControlSettings(
                target: kind.map { .kind($0, in: queue) } ?? .queue(queue),
                pause: try row.decode("paused", as: Bool.self)
                    ? ControlSettings.Pause(
                        until: try row.decode("until", as: Date?.self),
                        reason: try row.decode("reason", as: String?.self),
                        actor: try row.decode("actor", as: String?.self)) : nil,
                maxRunning: try row.decode("max_running", as: Int?.self),
                slots: try row.decode("slots", as: Int?.self), prefetch: try row.decode("prefetch", as: Int?.self),
                ageing: standard.flatMap { standard in
                    bulk.map { LaneAgeing(standard: .milliseconds(standard), bulk: .milliseconds($0)) }
                },
                timeout: try row.decode("timeout_ms", as: Int?.self).map { .milliseconds($0) },
                maxAttempts: try row.decode("max_attempts", as: Int?.self), byHand: try row.decode("by_hand"))
        }
    }
}
