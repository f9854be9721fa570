public import Logging
public import ServiceLifecycle
import Synchronization

/// The limits of providers as one process keeps them, together with the rest of the fleet.
///
/// A call goes when its provider's limit has room for it, in the order the calls came. It waits a while for that; when
/// that is not enough it throws ``JobError`` with the disposition `snooze`, so that the job runs again when there may be
/// room and spends no attempt. Where no limit is set, nothing is asked but once in five seconds whether there is one.
///
/// While the store is away, calls under a limit do not go (they snooze): nobody knows what the others do. A slice that
/// was already given may still be spent, and names that were known to have no limit go on.
public final class FleetLimits: Service {
    public struct Configuration: Sendable {
        /// How long a call waits for its turn.
        public var patience = Duration.seconds(5)
        /// How long nobody calls after a refusal that names no time.
        public var defaultPause = Duration.seconds(1)
        /// The delay of a job that found the store away.
        public var outageDelay = Duration.seconds(5)

        public init() {}
    }

    /// The store reckons a call's beginning back from the moment at which it hears of the refusal. What it hears late must
    /// not pass for a call that began after the last halving; one that began so soon after it has not felt it either.
    private static let travel = Duration.milliseconds(500)

    private struct Desk {
        var ledger: SliceLedger
        var signals: [Int: Signal] = [:]

        func wakeHead() {
            if let head = self.ledger.head { self.signals[head]?.raise() }
        }
    }

    private let store: any LimiterStore
    private let holder: String
    private let configuration: Configuration
    private let jitter: @Sendable () -> Double
    private let logger: Logger
    private let clock = ContinuousClock()
    private let desks = Mutex<[String: Desk]>([:])

    /// - Parameters:
    ///   - holder: names this process among all that share the limits, and no earlier one.
    ///   - jitter: from 1 upwards; spreads the jobs that wait for the same moment.
    public init(
        store: any LimiterStore, holder: String, configuration: Configuration = Configuration(),
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 1...1.2) }, logger: Logger
    ) {
        self.store = store
        self.holder = holder
        self.configuration = configuration
        self.jitter = jitter
        self.logger = logger
    }

    /// Runs `body`, a call to the provider `name`, when its limits have room.
    ///
    /// - Parameters:
    ///   - tokens: what the call is expected to take; ``FleetPermit/settle(actualTokens:)`` puts it right.
    ///   - patience: instead of the configuration's.
    /// - Throws: a snooze with the code `rate_limited` or `limits_unreachable`, and what `body` throws.
    nonisolated(nonsending) public func withPermit<T: Sendable>(
        _ name: String, tokens: Int = 0, patience: Duration? = nil,
        _ body: nonisolated(nonsending) (FleetPermit) async throws -> T
    ) async throws -> T {
        let permit = try await self.acquire(name, tokens: tokens, patience: patience)
        defer { permit.release() }
        return try await body(permit)
    }

    /// As ``withPermit(_:tokens:patience:_:)`` for callers that release the permit themselves.
    public func acquire(_ name: String, tokens: Int = 0, patience: Duration? = nil) async throws -> FleetPermit {
        let signal = Signal()
        let ticket = self.withDesk(name) { desk, now in
            let ticket = desk.ledger.arrived(
                tokens: Double(tokens), deadline: now + (patience ?? self.configuration.patience))
            desk.signals[ticket] = signal
            return ticket
        }
        do {
            while true {
                try Task.checkCancellation()
                let verdict = self.withDesk(name) { desk, now in
                    let verdict = desk.ledger.look(ticket, now: now)
                    if verdict == .go {
                        desk.signals[ticket] = nil
                        desk.wakeHead()
                    }
                    return verdict
                }
                switch verdict {
                case .go: return FleetPermit(limits: self, name: name, estimate: tokens, startedAt: self.clock.now)
                case .sync(let request): try await self.sync(name, request)
                case .wait(let limit): await signal.wait(atMost: limit, clock: self.clock)
                case .refuse(let refusal): throw self.error(refusal, name)
                }
            }
        } catch {
            self.withDesk(name) { desk, _ in
                desk.ledger.left(ticket)
                desk.signals[ticket] = nil
                desk.wakeHead()
            }
            throw error
        }
    }

    private func withDesk<T>(_ name: String, _ body: (inout Desk, ContinuousClock.Instant) -> T) -> T {
        let now = self.clock.now
        return self.desks.withLock { desks in
            body(&desks[name, default: Desk(ledger: SliceLedger(now: now))], now)
        }
    }

    /// Puts the question; that the store is away is the ledger's business.
    private func sync(_ name: String, _ request: LimiterRequest) async throws {
        let askedAt = self.clock.now
        do {
            let reply = try await self.store.sync(name, holder: self.holder, request)
            self.withDesk(name) { desk, now in
                desk.ledger.synced(reply, askedAt: askedAt, now: now)
                desk.wakeHead()
            }
        } catch {
            let isAbandoned = Task.isCancelled
            self.withDesk(name) { desk, now in
                desk.ledger.syncFailed(isAbandoned: isAbandoned, now: now)
                desk.wakeHead()
            }
            if isAbandoned { throw CancellationError() }
            self.logger.warning(
                "the fleet's limits cannot be asked", metadata: ["limiter": "\(name)", "error": "\(error)"])
        }
    }

    private func error(_ refusal: SliceLedger.Refusal, _ name: String) -> JobError {
        switch refusal {
        case .limited(let time):
            .snooze("rate_limited", "the limit of \(name) has no room", for: time * self.jitter())
        case .unreachable:
            .snooze(
                "limits_unreachable", "the limit of \(name) cannot be asked",
                for: self.configuration.outageDelay * self.jitter())
        }
    }

    /// Renews and returns permits, settles debts. Gives everything back at a graceful shutdown.
    public func run() async throws {
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            for name in self.desks.withLock({ $0.keys.sorted() }) {
                if let request = self.withDesk(name, { desk, now in desk.ledger.upkeep(now: now) }) {
                    try await self.sync(name, request)
                }
            }
            // Ends early only by cancellation or shutdown, which the loop sees.
            try? await cancelWhenGracefulShutdown { try await self.clock.sleep(for: .milliseconds(250)) }
        }
        guard !Task.isCancelled else { return }
        do {
            try await self.store.withdraw(holder: self.holder)
        } catch {
            // The fleet takes them back by itself, some seconds later.
            self.logger.info("the permits could not be given back", metadata: ["error": "\(error)"])
        }
    }
}

extension FleetLimits {
    func settle(_ name: String, estimate: Int, actual: Int) {
        self.withDesk(name) { desk, _ in desk.ledger.settled(estimate: Double(estimate), actual: Double(actual)) }
    }

    func end(_ name: String) {
        self.withDesk(name) { desk, now in
            desk.ledger.ended(now: now)
            desk.wakeHead()
        }
    }

    func undo(_ name: String, estimate: Int) {
        self.withDesk(name) { desk, _ in desk.ledger.undone(tokens: Double(estimate)) }
    }

    func penalize(_ name: String, pause: Duration?, callAge: Duration) async {
        let pause = pause ?? self.configuration.defaultPause
        self.withDesk(name) { desk, now in desk.ledger.penalized(for: pause, now: now) }
        do {
            try await self.store.penalize(name, pause: pause, callAge: callAge + Self.travel)
        } catch {
            // This process keeps to it; the others meet the provider's refusal themselves.
            self.logger.warning(
                "the fleet could not be told of a refusal", metadata: ["limiter": "\(name)", "error": "\(error)"])
        }
    }
}
