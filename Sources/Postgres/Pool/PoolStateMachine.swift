/// Who has which connection, who waits, and when to open or close one.
///
/// Performs nothing and knows no time but what it is told. Connections and waiters are numbers; each connection is in
/// exactly one of three places: opening, idle, lent.
struct PoolStateMachine: Sendable {
    typealias ConnectionID = Int
    typealias WaiterID = Int
    typealias Instant = ContinuousClock.Instant

    struct Waiter: Hashable, Sendable {
        var id: WaiterID
        var deadline: Instant
    }

    struct Idle: Hashable, Sendable {
        var id: ConnectionID
        var since: Instant
    }

    enum Phase: Hashable, Sendable {
        /// Lends connections. Can transition to `closing`.
        case open
        /// Lends no more and waits for what is lent. Can transition to `closed`.
        case closing
        case closed
    }

    let maximumConnections: Int
    private(set) var phase = Phase.open
    private(set) var opening: Set<ConnectionID> = []
    /// The one used last stands last and is lent first, so that the others can grow old and be reaped.
    private(set) var idle: [Idle] = []
    private(set) var lent: Set<ConnectionID> = []
    private(set) var waiters: [Waiter] = []
    private var nextConnection = 0

    init(maximumConnections: Int) {
        self.maximumConnections = max(1, maximumConnections)
    }

    var connectionCount: Int { self.opening.count + self.idle.count + self.lent.count }

    /// Lends an idle connection where nobody waits for one.
    mutating func lendIdle() -> ConnectionID? {
        // Nobody overtakes those who wait already.
        guard self.phase == .open, self.waiters.isEmpty, let last = self.idle.popLast() else { return nil }
        self.lent.insert(last.id)
        return last.id
    }

    enum AcquireAction: Hashable {
        case use(ConnectionID)
        /// Wait; where a number is given, open that connection meanwhile.
        case wait(open: ConnectionID?)
        case refuse
    }

    /// Somebody wants a connection.
    mutating func acquire(_ waiter: Waiter) -> AcquireAction {
        guard self.phase == .open else { return .refuse }
        if let id = self.lendIdle() { return .use(id) }
        self.waiters.append(waiter)
        return .wait(open: self.openIfNeeded())
    }

    enum OfferAction: Hashable {
        /// The connection goes to this waiter.
        case lend(WaiterID)
        /// The connection stays in the pool.
        case keep
        /// Close the connection.
        case close
    }

    /// A connection was opened.
    mutating func opened(_ id: ConnectionID, now: Instant) -> OfferAction {
        guard self.opening.remove(id) != nil else { return .close }
        return self.offer(id, now: now)
    }

    struct FailureAction: Hashable {
        /// Who learns of the failure.
        var fail: WaiterID?
        /// Which connection to try next.
        var open: ConnectionID?
    }

    /// A connection could not be opened: the one who waits longest is told, the others get an attempt of their own.
    mutating func openFailed(_ id: ConnectionID) -> FailureAction {
        guard self.opening.remove(id) != nil else { return FailureAction() }
        let victim = self.waiters.isEmpty ? nil : self.waiters.removeFirst().id
        self.closeIfDone()
        return FailureAction(fail: victim, open: self.phase == .open ? self.openIfNeeded() : nil)
    }

    /// A connection came back in good order.
    mutating func released(_ id: ConnectionID, now: Instant) -> OfferAction {
        guard self.lent.remove(id) != nil else { return .close }
        return self.offer(id, now: now)
    }

    /// A connection is gone, wherever it was; returns which one to open in its place for those who wait.
    mutating func lost(_ id: ConnectionID) -> ConnectionID? {
        self.lent.remove(id)
        self.idle.removeAll { $0.id == id }
        self.closeIfDone()
        return self.phase == .open ? self.openIfNeeded() : nil
    }

    /// A waiter gave up; false where it had been served before.
    mutating func leave(_ waiter: WaiterID) -> Bool {
        guard let index = self.waiters.firstIndex(where: { $0.id == waiter }) else { return false }
        self.waiters.remove(at: index)
        return true
    }

    /// Takes out the waiters whose time is up.
    mutating func expire(now: Instant) -> [WaiterID] {
        let expired = self.waiters.filter { $0.deadline <= now }.map(\.id)
        self.waiters.removeAll { $0.deadline <= now }
        return expired
    }

    var nextDeadline: Instant? { self.waiters.map(\.deadline).min() }

    /// Takes out the connections that have been idle since `limit` or longer; the caller closes them.
    mutating func reap(idleSince limit: Instant) -> [ConnectionID] {
        let old = self.idle.filter { $0.since <= limit }.map(\.id)
        self.idle.removeAll { $0.since <= limit }
        return old
    }

    struct CloseAction: Hashable {
        var fail: [WaiterID] = []
        var close: [ConnectionID] = []
    }

    /// The pool lends no more.
    mutating func close() -> CloseAction {
        guard self.phase == .open else { return CloseAction() }
        self.phase = .closing
        let action = CloseAction(fail: self.waiters.map(\.id), close: self.idle.map(\.id))
        self.waiters = []
        self.idle = []
        self.opening = []
        self.closeIfDone()
        return action
    }

    private mutating func offer(_ id: ConnectionID, now: Instant) -> OfferAction {
        guard self.phase == .open else {
            self.closeIfDone()
            return .close
        }
        guard !self.waiters.isEmpty else {
            self.idle.append(Idle(id: id, since: now))
            return .keep
        }
        self.lent.insert(id)
        return .lend(self.waiters.removeFirst().id)
    }

    /// One attempt per waiter, within the limit.
    private mutating func openIfNeeded() -> ConnectionID? {
        guard self.opening.count < self.waiters.count, self.connectionCount < self.maximumConnections else {
            return nil
        }
        self.nextConnection += 1
        self.opening.insert(self.nextConnection)
        return self.nextConnection
    }

    private mutating func closeIfDone() {
        if self.phase == .closing, self.lent.isEmpty { self.phase = .closed }
    }
}
