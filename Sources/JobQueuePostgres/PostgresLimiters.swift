public import JobQueue
public import Postgres

/// The fleet's limits in `lectern.limiter` and `lectern.permit`.
public struct PostgresLimiters: LimiterStore {
    /// A process that renewed no permit for this long has none.
    public static let silenceLimit = Duration.seconds(15)

    private let database: PostgresClient

    public init(database: PostgresClient) {
        self.database = database
    }

    public func sync(_ name: String, holder: String, _ request: LimiterRequest) async throws -> LimiterReply {
        let rows = try await self.database.query(
            """
            SELECT axis, granted, wait_ms, penalty_ms, is_contended FROM lectern.limiter_sync(
              \(name), \(holder), \(request.requests.need), \(request.requests.want), \(request.requests.owed),
              \(request.tokens.need), \(request.tokens.want), \(request.tokens.owed),
              \(Int32(clamping: request.inUse)), \(Int32(clamping: request.wantedPermits)),
              \(Self.silenceLimit.milliseconds))
            """, timeout: .seconds(2))
        var reply = LimiterReply()
        for row in rows {
            let granted = try row.decode("granted", as: Double.self)
            switch RateAxis(rawValue: try row.decode("axis")) {
            case .concurrency: reply.permits = Int(granted)
            case .requests: reply.slices[.requests] = granted
            case .tokens: reply.slices[.tokens] = granted
            case nil: continue
            }
            reply.wait = max(reply.wait, .milliseconds(try row.decode("wait_ms", as: Int64.self)))
            reply.penalty = max(reply.penalty, .milliseconds(try row.decode("penalty_ms", as: Int64.self)))
            reply.isContended = try reply.isContended || row.decode("is_contended")
        }
        return reply
    }

    public func penalize(_ name: String, pause: Duration, callAge: Duration) async throws {
        _ = try await self.database.execute(
            "SELECT lectern.limiter_penalize(\(name), \(pause.milliseconds), \(callAge.milliseconds))",
            timeout: .seconds(2))
    }

    public func withdraw(holder: String) async throws {
        // A handful of rows; read whole.
        _ = try await self.database.execute(
            "DELETE FROM lectern.permit WHERE holder = \(holder)", timeout: .seconds(2))
    }

    /// Sets a limit for the whole fleet. Processes that knew of none meet it within five seconds.
    ///
    /// A rate that was lowered by refusals stays lowered, within the new bounds.
    public func configure(_ name: String, _ limit: RateLimit) async throws {
        _ = try await self.database.execute(
            """
            SELECT lectern.limiter_configure(
              \(name), \(limit.axis.rawValue), \(limit.ceiling), \(limit.floor), \(limit.burst),
              \(limit.recovery.milliseconds))
            """)
    }

    /// Takes a limit away. False when there was none.
    public func remove(_ name: String, _ axis: RateAxis) async throws -> Bool {
        try await self.database.execute(
            "DELETE FROM lectern.limiter WHERE name = \(name) AND axis = \(axis.rawValue)") > 0
    }

    /// A limit and where it stands.
    public struct Status: Hashable, Sendable {
        public var name: String
        public var limit: RateLimit
        /// What is in force: below the ceiling after refusals.
        public var rate: Double
        /// What the bucket holds; for concurrency, the permits that nobody has.
        public var level: Double
        /// How long the provider is still left alone.
        public var penalty: Duration
    }

    /// All limits by name and axis, as they stand now.
    public func list() async throws -> [Status] {
        try await self.database.query(
            """
            SELECT l.name, l.axis, l.ceiling, l.floor, l.burst, l.recovery_ms, r.rate,
                   CASE l.axis WHEN 'concurrency' THEN r.rate - coalesce(
                     (SELECT sum(p.held) FROM lectern.permit p WHERE p.name = l.name
                      AND p.seen_at >= now() - \(Self.silenceLimit.milliseconds) * interval '1 millisecond'), 0)
                   ELSE r.level END AS level,
                   coalesce(greatest(0, ceil(extract(epoch FROM l.penalty_until - now()) * 1000)), 0)::int8 AS penalty_ms
            FROM lectern.limiter l CROSS JOIN LATERAL lectern.limiter_refilled(l) AS r
            ORDER BY l.name, l.axis
            """
        ).compactMap { row in
            guard let axis = RateAxis(rawValue: try row.decode("axis")) else { return nil }
            return Status(
                name: try row.decode("name"),
                limit: RateLimit(
                    axis, ceiling: try row.decode("ceiling"), floor: try row.decode("floor"),
                    burst: try row.decode("burst"),
                    recovery: .milliseconds(try row.decode("recovery_ms", as: Int64.self))),
                rate: try row.decode("rate"), level: try row.decode("level"),
                penalty: .milliseconds(try row.decode("penalty_ms", as: Int64.self)))
        }
    }
}
