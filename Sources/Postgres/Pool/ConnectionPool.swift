import Logging
import Synchronization

/// The connections of one client: asks ``PoolStateMachine`` and does what it says.
final class ConnectionPool: Sendable {
    /// A channel on loan.
    struct Loan: Sendable {
        let id: PoolStateMachine.ConnectionID
        let channel: Channel
    }

    private struct State {
        var machine: PoolStateMachine
        var channels: [PoolStateMachine.ConnectionID: Channel] = [:]
        var waiters: [PoolStateMachine.WaiterID: (ticket: Ticket, continuation: CheckedContinuation<Loan, any Error>)] =
            [:]
        var nextWaiter = 0
        var closers: [CheckedContinuation<Void, Never>] = []
    }

    private let configuration: PostgresConfiguration
    private let logger: Logger
    private let observer: any PostgresObserver
    private let reactor: Reactor
    private let reactorID = Mutex(0)
    private let state: Mutex<State>

    init(
        configuration: PostgresConfiguration, logger: Logger, observer: any PostgresObserver, reactor: Reactor
    ) {
        self.configuration = configuration
        self.logger = logger
        self.observer = observer
        self.reactor = reactor
        self.state = Mutex(State(machine: PoolStateMachine(maximumConnections: configuration.maximumConnections)))
        self.reactorID.withLock { $0 = reactor.add(self) }
    }

    deinit {
        self.reactor.remove(self.reactorID.withLock { $0 })
    }

    // Lending

    func acquire() async throws -> Loan {
        if let loan = try self.acquireIdle() { return loan }
        let start = ContinuousClock.now
        let ticket = Ticket()
        let loan = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                self.wait(ticket, continuation, since: start)
            }
        } onCancel: {
            if !ticket.withdraw() { self.leave(ticket) }
        }
        // The channel was put into the table under this lock. A continuation that is resumed before its task waits orders
        // memory as well, but not in a way that the thread sanitizer can follow.
        self.state.withLock { _ in }
        self.observer.connectionAcquired(after: .now - start)
        return loan
    }

    /// A connection without waiting, nil where none is idle.
    private func acquireIdle() throws(PostgresError) -> Loan? {
        if Task.isCancelled { throw PostgresError(stopReason: .cancelled) }
        let loan = self.state.withLock { state -> Loan? in
            guard let id = state.machine.lendIdle() else { return nil }
            return state.channels[id].map { Loan(id: id, channel: $0) }
        }
        if loan != nil { self.observer.connectionAcquired(after: .zero) }
        return loan
    }

    private func wait(
        _ ticket: Ticket, _ continuation: CheckedContinuation<Loan, any Error>, since start: ContinuousClock.Instant
    ) {
        enum Outcome {
            case answer(Result<Loan, PostgresError>)
            case waiting(open: PoolStateMachine.ConnectionID?)
        }
        let deadline = start + self.configuration.acquireTimeout
        let outcome = self.state.withLock { state -> Outcome in
            guard ticket.submit() else { return .answer(.failure(PostgresError(stopReason: .cancelled))) }
            state.nextWaiter += 1
            switch state.machine.acquire(PoolStateMachine.Waiter(id: state.nextWaiter, deadline: deadline)) {
            case .refuse:
                return .answer(.failure(Self.closedError))
            case .use(let id):
                guard let channel = state.channels[id] else { return .answer(.failure(Self.closedError)) }
                return .answer(.success(Loan(id: id, channel: channel)))
            case .wait(let open):
                state.waiters[state.nextWaiter] = (ticket, continuation)
                return .waiting(open: open)
            }
        }
        switch outcome {
        case .answer(let answer):
            continuation.resume(with: answer.mapError { $0 as any Error })
        case .waiting(let open):
            self.reactor.note(deadline: deadline)
            if let open { self.open(open) }
        }
    }

    private func leave(_ ticket: Ticket) {
        let continuation = self.state.withLock { state -> CheckedContinuation<Loan, any Error>? in
            guard let id = state.waiters.first(where: { $0.value.ticket === ticket })?.key, state.machine.leave(id)
            else { return nil }
            return state.waiters.removeValue(forKey: id)?.continuation
        }
        continuation?.resume(throwing: PostgresError(stopReason: .cancelled))
    }

    /// Takes a connection back; one that is not idle, too old or broken is closed.
    func release(_ loan: Loan) {
        let now = ContinuousClock.now
        guard loan.channel.isReusable, now - loan.channel.openedAt < self.configuration.maximumLifetime else {
            self.discard(loan)
            return
        }
        let (action, waiter) = self.state.withLock { state in
            let action = state.machine.released(loan.id, now: now)
            return (action, Self.waiter(for: action, &state))
        }
        self.carryOut(action, waiter, loan)
    }

    /// Closes a connection that came back unusable.
    func discard(_ loan: Loan) {
        loan.channel.close(PostgresError(code: .connectionReleased, message: "the connection was given back"))
    }

    private static func waiter(
        for action: PoolStateMachine.OfferAction, _ state: inout State
    ) -> CheckedContinuation<Loan, any Error>? {
        guard case .lend(let id) = action else { return nil }
        return state.waiters.removeValue(forKey: id)?.continuation
    }

    private func carryOut(
        _ action: PoolStateMachine.OfferAction, _ waiter: CheckedContinuation<Loan, any Error>?, _ loan: Loan
    ) {
        switch action {
        case .keep: break
        case .lend: waiter?.resume(returning: loan)
        case .close: loan.channel.close(Self.closedError)
        }
    }

    // Opening and losing

    private func open(_ id: PoolStateMachine.ConnectionID) {
        let isStarted = BlockingThread.start { self.connect(id) }
        if !isStarted {
            self.openFailed(id, PostgresError(code: .connectionFailed, message: "no thread to open a connection on"))
        }
    }

    /// On a thread of its own.
    private func connect(_ id: PoolStateMachine.ConnectionID) {
        let start = ContinuousClock.now
        let channel: Channel
        do throws(PostgresError) {
            channel = try Channel.openBlocking(
                self.configuration, reactor: self.reactor, logger: self.logger,
                onClose: { [weak self] in self?.lost(id) }, onNotification: { _, _ in })
        } catch {
            self.openFailed(id, error)
            return
        }
        self.observer.connectionOpened(after: .now - start)
        self.logger.debug("connection opened", metadata: ["backend_pid": "\(channel.backendID)"])
        let (action, waiter) = self.state.withLock { state in
            let action = state.machine.opened(id, now: .now)
            if action != .close { state.channels[id] = channel }
            return (action, Self.waiter(for: action, &state))
        }
        self.carryOut(action, waiter, Loan(id: id, channel: channel))
        // It may have broken before the pool knew it.
        if !channel.isOpen { self.lost(id) }
    }

    private func openFailed(_ id: PoolStateMachine.ConnectionID, _ error: PostgresError) {
        self.observer.connectionFailed(error)
        self.logger.debug("connection failed", metadata: ["error": "\(error)"])
        let (waiter, open) = self.state.withLock { state in
            let action = state.machine.openFailed(id)
            return (action.fail.flatMap { state.waiters.removeValue(forKey: $0)?.continuation }, action.open)
        }
        waiter?.resume(throwing: error)
        if let open { self.open(open) }
    }

    private func lost(_ id: PoolStateMachine.ConnectionID) {
        let (isKnown, open, closers) = self.state.withLock { state in
            let isKnown = state.channels.removeValue(forKey: id) != nil
            let open = state.machine.lost(id)
            return (isKnown, open, Self.takeClosers(&state))
        }
        if isKnown { self.observer.connectionClosed() }
        for closer in closers { closer.resume() }
        if let open { self.open(open) }
    }

    // Time and the end

    /// Closes connections that nobody has used for the idle timeout.
    func reap(now: ContinuousClock.Instant) {
        let channels = self.state.withLock { state in
            state.machine.reap(idleSince: now - self.configuration.idleTimeout).compactMap { state.channels[$0] }
        }
        for channel in channels { channel.close(Self.closedError) }
    }

    /// Refuses new callers, waits for connections that are lent out and closes everything.
    func close() async {
        let (waiters, channels) = self.state.withLock { state in
            let action = state.machine.close()
            let waiters = action.fail.compactMap { state.waiters.removeValue(forKey: $0)?.continuation }
            return (waiters, action.close.compactMap { state.channels[$0] })
        }
        for waiter in waiters { waiter.resume(throwing: Self.closedError) }
        for channel in channels { channel.close(Self.closedError) }
        await withCheckedContinuation { continuation in
            let isDone = self.state.withLock { state in
                if state.machine.phase == .closed { return true }
                state.closers.append(continuation)
                return false
            }
            if isDone { continuation.resume() }
        }
    }

    /// Closes what is still lent out.
    func abort() {
        let channels = self.state.withLock { state in Array(state.channels.values) }
        for channel in channels { channel.close(Self.closedError) }
    }

    private static func takeClosers(_ state: inout State) -> [CheckedContinuation<Void, Never>] {
        guard state.machine.phase == .closed else { return [] }
        defer { state.closers = [] }
        return state.closers
    }

    private static var closedError: PostgresError {
        PostgresError(code: .clientClosed, message: "the client is closed")
    }
}

extension ConnectionPool: ReactorSource {
    func ready(readable: Bool, writable: Bool) {}

    func expire(now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        let (waiters, isUnconnected, next) = self.state.withLock { state in
            let waiters = state.machine.expire(now: now).compactMap { state.waiters.removeValue(forKey: $0) }
            return (waiters.map(\.continuation), state.machine.lent.isEmpty, state.machine.nextDeadline)
        }
        // Nobody holds a connection: then it is not the pool that is exhausted but the server that does not answer.
        let error =
            isUnconnected
            ? PostgresError(code: .connectionFailed, message: "no connection could be opened in time")
            : PostgresError(code: .poolExhausted, message: "no connection became free in time")
        for waiter in waiters { waiter.resume(throwing: error) }
        return next
    }
}
