@testable import JobQueue

/// What `lectern.limiter_sync` does, for one limiter with an axis of requests and one of concurrency.
struct FleetModel {
    typealias Instant = ContinuousClock.Instant

    struct Permit {
        var held = 0
        var wanted = 0
        var turn = 0
        var turnAt: Instant?
        var seenAt: Instant
    }

    let ratePerSecond: Double
    let burst: Double
    let most: Int
    private(set) var level: Double
    private(set) var permits: [Int: Permit] = [:]
    private var at: Instant
    private var turns = 0

    init(ratePerSecond: Double, burst: Double, most: Int, now: Instant) {
        self.ratePerSecond = ratePerSecond
        self.burst = burst
        self.most = most
        self.level = burst
        self.at = now
    }

    mutating func sync(_ holder: Int, _ request: LimiterRequest, now: Instant) -> LimiterReply {
        self.level = min(self.burst, self.level + self.ratePerSecond * (self.at.duration(to: now) / .seconds(1)))
        self.at = now
        self.level = min(self.burst, self.level - request.requests.owed)
        var reply = LimiterReply(slices: [.requests: 0])
        let share = request.requests
        if share.need > 0 {
            if self.level >= min(share.need, self.burst) {
                let granted = max(share.need, min(share.want, self.level, self.ratePerSecond))
                self.level -= granted
                reply.slices[.requests] = granted
            } else {
                reply.wait = .seconds((min(share.need, self.burst) - self.level) / self.ratePerSecond)
            }
        }
        (reply.permits, reply.isContended) = self.permits(holder, request, now: now)
        return reply
    }

    private mutating func permits(_ holder: Int, _ request: LimiterRequest, now: Instant) -> (Int, Bool) {
        self.permits = self.permits.filter { $0.value.seenAt.duration(to: now) <= .seconds(15) }
        var wanting = self.permits
        var mine = wanting[holder] ?? Permit(seenAt: now)
        mine.wanted = request.wantedPermits
        wanting[holder] = mine
        let others = self.permits.filter { $0.key != holder }.values
        var places: [(round: Int, turn: Int, holder: Int)] = []
        for (name, permit) in wanting {
            places += (0..<min(permit.wanted, self.most)).map { ($0, permit.turn, name) }
        }
        var share = places.sorted { $0 < $1 }.prefix(self.most).count { $0.holder == holder }
        if let turnAt = mine.turnAt, turnAt.duration(to: now) < .seconds(1) {
            share = max(share, min(mine.held, mine.wanted))
        }
        let granted = max(min(share, self.most - others.reduce(0) { $0 + $1.held }), 0)
        self.turns += 1
        if max(granted, request.inUse) > mine.held {
            mine.turn = self.turns
            mine.turnAt = now
        }
        mine.held = max(granted, request.inUse)
        mine.seenAt = now
        self.permits[holder] = mine.held == 0 && request.wantedPermits == 0 ? nil : mine
        return (granted, others.contains { $0.wanted > $0.held })
    }
}
