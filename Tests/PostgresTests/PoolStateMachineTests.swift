import ServerTesting
import Testing

@testable import Postgres

@Suite struct PoolStateMachineTests {
    private let start = ContinuousClock.now

    private func waiter(_ id: Int, _ seconds: Int = 5) -> PoolStateMachine.Waiter {
        PoolStateMachine.Waiter(id: id, deadline: self.start + .seconds(seconds))
    }

    @Test func theFirstCallerOpensAConnectionAndGetsIt() {
        var pool = PoolStateMachine(maximumConnections: 2)
        #expect(pool.acquire(self.waiter(1)) == .wait(open: 1))
        #expect(pool.opened(1, now: self.start) == .lend(1))
        #expect(pool.released(1, now: self.start) == .keep)
        #expect(pool.acquire(self.waiter(2)) == .use(1))
    }

    @Test func noMoreConnectionsAreOpenedThanAllowed() {
        var pool = PoolStateMachine(maximumConnections: 1)
        #expect(pool.acquire(self.waiter(1)) == .wait(open: 1))
        #expect(pool.acquire(self.waiter(2)) == .wait(open: nil))
        #expect(pool.opened(1, now: self.start) == .lend(1))
        #expect(pool.released(1, now: self.start) == .lend(2))
    }

    @Test func aFailedAttemptFailsOneWaiterAndTriesForTheNext() {
        var pool = PoolStateMachine(maximumConnections: 1)
        _ = pool.acquire(self.waiter(1))
        _ = pool.acquire(self.waiter(2))
        #expect(pool.openFailed(1) == .init(fail: 1, open: 2))
        #expect(pool.openFailed(2) == .init(fail: 2, open: nil))
    }

    @Test func aLostConnectionIsReplacedOnlyWhereSomebodyWaits() {
        var pool = PoolStateMachine(maximumConnections: 1)
        _ = pool.acquire(self.waiter(1))
        _ = pool.opened(1, now: self.start)
        _ = pool.acquire(self.waiter(2))
        #expect(pool.lost(1) == 2)
        #expect(pool.opened(2, now: self.start) == .lend(2))
        #expect(pool.lost(2) == nil)
        #expect(pool.connectionCount == 0)
    }

    @Test func closingWaitsForWhatIsLent() {
        var pool = PoolStateMachine(maximumConnections: 2)
        _ = pool.acquire(self.waiter(1))
        _ = pool.opened(1, now: self.start)
        #expect(pool.close() == .init())
        #expect(pool.phase == .closing)
        #expect(pool.acquire(self.waiter(2)) == .refuse)
        #expect(pool.released(1, now: self.start) == .close)
        #expect(pool.phase == .closed)
    }

    /// Plays random events against the machine and against the books of an observer who only sees the actions.
    @Test(arguments: 0..<200)
    func connectionsAndWaitersAreNeverLostOrServedTwice(_ round: UInt64) {
        let seed = round &+ UInt64.random(in: 0...UInt64.max / 2)
        var game = PoolGame(seed: seed)
        for _ in 0..<400 { game.step() }
        #expect(game.violations == [], "seed \(seed)")
        game.drain()
        #expect(game.violations == [], "seed \(seed)")
    }
}

/// The books that a pool's owner would keep.
private struct PoolGame {
    private var generator: SeededGenerator
    private var pool: PoolStateMachine
    private let limit: Int
    private var now = ContinuousClock.now
    private var waiting: [Int: ContinuousClock.Instant] = [:]
    private var order: [Int] = []
    private var opening: Set<Int> = []
    private var lent: Set<Int> = []
    private var kept: Set<Int> = []
    private var nextWaiter = 0
    private(set) var violations: [String] = []

    init(seed: UInt64) {
        self.generator = SeededGenerator(seed: seed)
        self.limit = Int.random(in: 1...5, using: &self.generator)
        self.pool = PoolStateMachine(maximumConnections: self.limit)
    }

    mutating func step() {
        self.now += .milliseconds(Int.random(in: 0...50, using: &self.generator))
        switch Int.random(in: 0..<100, using: &self.generator) {
        case 0..<35: self.acquire()
        case 35..<55: self.release()
        case 55..<70: self.finishOpening(successfully: true)
        case 70..<78: self.finishOpening(successfully: false)
        case 78..<86: self.lose()
        case 86..<93: self.leave()
        case 93..<97: self.expire()
        default: self.reap()
        }
        self.check()
    }

    /// Everything that is under way comes to its end; nobody may be left waiting then.
    mutating func drain() {
        while !self.opening.isEmpty || !self.lent.isEmpty {
            if self.opening.isEmpty { self.release() } else { self.finishOpening(successfully: true) }
            self.check()
        }
        self.expect(self.waiting.isEmpty, "somebody waits though a connection is free")
    }

    private mutating func acquire() {
        self.nextWaiter += 1
        let deadline = self.now + .milliseconds(300)
        switch self.pool.acquire(.init(id: self.nextWaiter, deadline: deadline)) {
        case .use(let id):
            self.expect(self.waiting.isEmpty, "a newcomer overtook somebody")
            self.expect(self.kept.remove(id) != nil, "lent what was not idle")
            self.lent.insert(id)
        case .wait(let open):
            self.waiting[self.nextWaiter] = deadline
            self.order.append(self.nextWaiter)
            self.open(open)
        case .refuse:
            self.expect(false, "refused while open")
        }
    }

    private mutating func open(_ id: Int?) {
        guard let id else { return }
        self.expect(self.opening.insert(id).inserted, "opened twice")
    }

    private mutating func release() {
        guard let id = self.lent.randomElement(using: &self.generator) else { return }
        self.lent.remove(id)
        self.settle(id, self.pool.released(id, now: self.now))
    }

    private mutating func finishOpening(successfully isOpen: Bool) {
        guard let id = self.opening.randomElement(using: &self.generator) else { return }
        self.opening.remove(id)
        if isOpen {
            self.settle(id, self.pool.opened(id, now: self.now))
        } else {
            let action = self.pool.openFailed(id)
            if let victim = action.fail { self.serve(victim) }
            self.open(action.open)
        }
    }

    private mutating func settle(_ id: Int, _ action: PoolStateMachine.OfferAction) {
        switch action {
        case .lend(let waiter):
            self.serve(waiter)
            self.lent.insert(id)
        case .keep:
            self.expect(self.waiting.isEmpty, "kept a connection while somebody waited")
            self.kept.insert(id)
        case .close:
            self.expect(false, "closed while open")
        }
    }

    /// Whoever waits longest is served first.
    private mutating func serve(_ waiter: Int) {
        self.expect(self.order.first == waiter, "served out of turn")
        self.order.removeAll { $0 == waiter }
        self.expect(self.waiting.removeValue(forKey: waiter) != nil, "served twice")
    }

    private mutating func lose() {
        guard let id = self.lent.union(self.kept).randomElement(using: &self.generator) else { return }
        self.lent.remove(id)
        self.kept.remove(id)
        self.open(self.pool.lost(id))
    }

    private mutating func leave() {
        guard let waiter = self.waiting.keys.randomElement(using: &self.generator) else { return }
        self.expect(self.pool.leave(waiter), "a waiter could not leave")
        self.expect(!self.pool.leave(waiter), "a waiter left twice")
        self.waiting[waiter] = nil
        self.order.removeAll { $0 == waiter }
    }

    private mutating func expire() {
        let due = Set(self.waiting.filter { $0.value <= self.now }.keys)
        let expired = self.pool.expire(now: self.now)
        self.expect(Set(expired) == due && expired.count == due.count, "the wrong waiters expired")
        for waiter in expired { self.waiting[waiter] = nil }
        self.order.removeAll { expired.contains($0) }
    }

    private mutating func reap() {
        for id in self.pool.reap(idleSince: self.now - .milliseconds(200)) {
            self.expect(self.kept.remove(id) != nil, "reaped what was not idle")
        }
    }

    private mutating func check() {
        let count = self.opening.count + self.lent.count + self.kept.count
        self.expect(count <= self.limit, "more connections than allowed")
        self.expect(self.pool.connectionCount == count, "the count is wrong")
        self.expect(self.pool.opening == self.opening && self.pool.lent == self.lent, "the books differ")
        self.expect(self.waiting.isEmpty || count > 0, "somebody waits for nothing")
        self.expect(self.pool.nextDeadline == self.waiting.values.min(), "the next deadline is wrong")
    }

    private mutating func expect(_ holds: Bool, _ rule: String) {
        if !holds { self.violations.append(rule) }
    }
}
