/// One process's share of one limiter: which calls may go, which wait, and when the fleet has to be asked.
///
/// Calls go in the order they came. Slices are spent here and last about a second; what is left of one goes back with the
/// next question. The ledger performs nothing: every look returns the ``Verdict`` that its caller must carry out.
struct SliceLedger {
    typealias Instant = ContinuousClock.Instant

    struct Configuration: Sendable {
        /// How long a slice may be spent.
        var sliceLifetime = Duration.seconds(1)
        /// How often permits are renewed while calls are under way.
        var heartbeat = Duration.seconds(5)
        /// Permits that were not renewed for this long let nobody go; the fleet forgets them a little later.
        var permitTrust = Duration.seconds(10)
        /// How long it is believed that there is no limit, or that there is one permit too few.
        var recheck = Duration.seconds(1)
        var unlimitedRecheck = Duration.seconds(5)
    }

    enum Refusal: Hashable {
        /// The limit is not free again in time.
        case limited(for: Duration)
        /// Nobody knows what the rest of the fleet does, so nothing may go.
        case unreachable
    }

    enum Verdict: Hashable {
        /// The call may go; it was counted.
        case go
        /// Ask the fleet, then look again.
        case sync(LimiterRequest)
        /// Look again after this time, or when told to.
        case wait(Duration)
        case refuse(Refusal)
    }

    private enum Standing: Hashable {
        case unknown
        case unlimited(until: Instant)
        case limited
    }

    private struct Waiter {
        var ticket: Int
        var tokens: Double
        var deadline: Instant
    }

    private let configuration: Configuration
    private var standing = Standing.unknown
    private var waiters: [Waiter] = []
    private var nextTicket = 0
    private var requests = Slice()
    private var tokens = Slice()
    private var slicesEndAt: Instant
    private var permits: Int?
    /// What the fleet counts as ours: the permits, or the calls under way where those were more.
    private var held = 0
    private var isContended = false
    private(set) var inUse = 0
    /// The calls under way that the question of this moment told of; `nil` while none is put. The answer grants at least
    /// these permits, and perhaps no more.
    private var inUseAsked: Int?
    private var isSyncing: Bool { self.inUseAsked != nil }
    private var syncedAt: Instant
    private var lastEndedAt: Instant
    /// Before this time asking again is no use.
    private var notBefore: Instant
    /// Permits that others wait for are used for a while before more are asked for, which may cost them.
    private var permitsNotBefore: Instant
    private var penaltyUntil: Instant
    private var unreachableUntil: Instant

    init(now: Instant, configuration: Configuration = Configuration()) {
        self.configuration = configuration
        self.slicesEndAt = now
        self.syncedAt = now
        self.lastEndedAt = now
        self.notBefore = now
        self.permitsNotBefore = now
        self.penaltyUntil = now
        self.unreachableUntil = now
    }

    /// The ticket whose turn it is.
    var head: Int? { self.waiters.first?.ticket }

    /// A call wants to go by `deadline`. Returns the ticket to look with.
    mutating func arrived(tokens: Double, deadline: Instant) -> Int {
        self.nextTicket += 1
        self.waiters.append(Waiter(ticket: self.nextTicket, tokens: max(0, tokens), deadline: deadline))
        return self.nextTicket
    }

    /// Who waited does so no longer.
    mutating func left(_ ticket: Int) {
        self.waiters.removeAll { $0.ticket == ticket }
    }

    mutating func look(_ ticket: Int, now: Instant) -> Verdict {
        guard let waiter = self.waiters.first(where: { $0.ticket == ticket }) else {
            preconditionFailure("a call that does not wait asked whether it may go")
        }
        guard waiter.ticket == self.head else { return self.wait(for: waiter, until: nil, now: now) }
        switch self.standing {
        case .unlimited(let until) where now < until:
            return self.go(waiter)
        case .unlimited, .unknown:
            if self.isSyncing { return self.wait(for: waiter, until: nil, now: now) }
            if now < self.unreachableUntil { return .refuse(.unreachable) }
        case .limited:
            if now < self.penaltyUntil { return self.wait(for: waiter, until: self.penaltyUntil, now: now) }
            if self.has(waiter, now: now) { return self.go(waiter) }
            if self.isSyncing { return self.wait(for: waiter, until: nil, now: now) }
            if now < self.unreachableUntil { return .refuse(.unreachable) }
            let lacksPermitOnly = self.hasSlices(waiter, now: now)
            let askAt = lacksPermitOnly ? max(self.notBefore, self.permitsNotBefore) : self.notBefore
            if now < askAt { return self.wait(for: waiter, until: askAt, now: now) }
        }
        return .sync(self.request(for: waiter, now: now))
    }

    private func wait(for waiter: Waiter, until: Instant?, now: Instant) -> Verdict {
        if let until, until > waiter.deadline { return .refuse(.limited(for: now.duration(to: until))) }
        let known = max(self.penaltyUntil, self.notBefore, self.permitsNotBefore)
        guard now < waiter.deadline else {
            return .refuse(.limited(for: max(self.configuration.recheck, now.duration(to: known))))
        }
        return .wait(now.duration(to: min(until ?? waiter.deadline, waiter.deadline)))
    }

    private func has(_ waiter: Waiter, now: Instant) -> Bool {
        guard self.hasSlices(waiter, now: now) else { return false }
        guard let permits else { return true }
        return self.inUse < min(permits, self.inUseAsked ?? permits)
            && self.syncedAt.duration(to: now) < self.configuration.permitTrust
    }

    private func hasSlices(_ waiter: Waiter, now: Instant) -> Bool {
        let isFresh = now <= self.slicesEndAt
        if self.requests.isLimited, !isFresh || self.requests.balance < 1 { return false }
        return !self.tokens.isLimited || waiter.tokens == 0 || (isFresh && self.tokens.balance >= waiter.tokens)
    }

    private mutating func go(_ waiter: Waiter) -> Verdict {
        self.waiters.removeFirst()
        self.inUse += 1
        self.requests.spend(1)
        self.tokens.spend(waiter.tokens)
        return .go
    }

    private mutating func request(for waiter: Waiter?, now: Instant) -> LimiterRequest {
        self.inUseAsked = self.inUse
        let isFresh = now <= self.slicesEndAt
        var request = LimiterRequest()
        if let waiter {
            let needsRequest = !isFresh || self.requests.balance < 1
            let needsTokens = waiter.tokens > 0 && (!isFresh || self.tokens.balance < waiter.tokens)
            let few = self.waiters.prefix(1_000)
            request.requests = self.requests.share(need: needsRequest ? 1 : 0, waiting: Double(few.count))
            request.tokens = self.tokens.share(
                need: needsTokens ? waiter.tokens : 0, waiting: few.reduce(0) { $0 + $1.tokens })
        } else {
            if !isFresh { self.putBack() }
            request.requests = self.requests.share(need: 0, waiting: 0)
            request.tokens = self.tokens.share(need: 0, waiting: 0)
        }
        request.inUse = self.inUse
        request.wantedPermits = self.inUse + min(self.waiters.count, 10_000)
        return request
    }

    /// A slice whose time is over belongs to the fleet again.
    private mutating func putBack() {
        self.requests.owed -= self.requests.balance
        self.requests.balance = 0
        self.tokens.owed -= self.tokens.balance
        self.tokens.balance = 0
    }

    /// The fleet answered a question that was put at `askedAt`.
    mutating func synced(_ reply: LimiterReply, askedAt: Instant, now: Instant) {
        self.held = max(reply.permits ?? 0, self.inUseAsked ?? 0)
        self.inUseAsked = nil
        self.syncedAt = askedAt
        self.permits = reply.permits
        self.isContended = reply.isContended
        guard !reply.isUnlimited else {
            self.standing = .unlimited(until: now + self.configuration.unlimitedRecheck)
            self.requests = Slice()
            self.tokens = Slice()
            return
        }
        self.standing = .limited
        self.receive(reply.slices[.requests], into: \.requests)
        self.receive(reply.slices[.tokens], into: \.tokens)
        if reply.slices.values.contains(where: { $0 > 0 }) {
            // An answer that took long still lets the call go for which it was asked.
            self.slicesEndAt = max(askedAt + self.configuration.sliceLifetime, now + .milliseconds(50))
        }
        self.penaltyUntil = max(self.penaltyUntil, now + reply.penalty)
        self.notBefore = now + reply.wait
        if let permits = reply.permits, permits <= self.inUse || reply.isContended {
            self.permitsNotBefore = now + self.configuration.recheck
        }
    }

    private mutating func receive(_ granted: Double?, into slice: WritableKeyPath<SliceLedger, Slice>) {
        self[keyPath: slice].isLimited = granted != nil
        self[keyPath: slice].balance += granted ?? 0
        if let granted, granted > 0 { self[keyPath: slice].spent = 0 }
        self[keyPath: slice].underWay = 0
    }

    /// The question failed: the fleet cannot be asked now, or, with `isAbandoned`, only the asker gave up.
    mutating func syncFailed(isAbandoned: Bool, now: Instant) {
        // What the fleet made of the question is unknown; this much it knows to be in use.
        if let permits = self.permits { self.permits = min(permits, self.inUseAsked ?? permits) }
        self.inUseAsked = nil
        for slice in [\SliceLedger.requests, \SliceLedger.tokens] {
            // Whether it was heard is unknown: debts are told again, what was left is forgone.
            self[keyPath: slice].owed += max(0, self[keyPath: slice].underWay)
            self[keyPath: slice].underWay = 0
        }
        guard !isAbandoned else { return }
        self.unreachableUntil = now + self.configuration.recheck
        if case .unlimited = self.standing {
            self.standing = .unlimited(until: now + self.configuration.unlimitedRecheck)
        }
    }
}

extension SliceLedger {
    /// A call took another number of tokens than it was let go with.
    mutating func settled(estimate: Double, actual: Double) {
        if self.tokens.isLimited { self.tokens.owed += actual - estimate }
    }

    /// A call ended.
    mutating func ended(now: Instant) {
        self.inUse -= 1
        self.lastEndedAt = now
    }

    /// A call that was let go was not made.
    mutating func undone(tokens: Double) {
        if self.requests.isLimited { self.requests.owed -= 1 }
        self.settled(estimate: tokens, actual: 0)
    }

    /// The provider refused a call.
    mutating func penalized(for pause: Duration, now: Instant) {
        guard self.standing == .limited else { return }
        self.penaltyUntil = max(self.penaltyUntil, now + pause)
        self.slicesEndAt = now - .nanoseconds(1)
        self.requests.balance = 0
        self.tokens.balance = 0
    }

    /// What has to be told although no call asks: permits to renew or to give back, debts, slices that were not spent.
    mutating func upkeep(now: Instant) -> LimiterRequest? {
        guard self.standing == .limited, !self.isSyncing, now >= self.unreachableUntil else { return nil }
        let silence = self.syncedAt.duration(to: now)
        let usable = min(self.permits ?? 0, self.inUse + self.waiters.count)
        let idle = self.permits == nil ? 0 : self.held - max(self.inUse, usable)
        let mayReturn = self.isContended || self.lastEndedAt.duration(to: now) >= self.configuration.recheck
        let isStale = now > self.slicesEndAt && (self.requests.balance > 0 || self.tokens.balance > 0)
        let isOwing = self.requests.owed != 0 || self.tokens.owed != 0
        let isDue =
            (self.permits != nil && self.inUse > 0 && silence >= self.configuration.heartbeat)
            || (idle > 0 && mayReturn && silence >= .milliseconds(250))
            || ((isStale || isOwing) && silence >= self.configuration.recheck)
        return isDue ? self.request(for: nil, now: now) : nil
    }
}
