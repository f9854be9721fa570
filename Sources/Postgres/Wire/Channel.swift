import CPostgres
import Logging
import Synchronization

/// One connection to the server.
///
/// Requests are worked off one after the other in the order of their arrival. They are sent on the caller's thread and
/// answered on the reactor's.
final class Channel: Sendable {
    /// The server process; through a pooler, whatever the pooler says.
    let backendID: Int32
    let openedAt: ContinuousClock.Instant
    private let state: Mutex<ChannelState>
    private let notices: Notices
    private let reactor: Reactor
    private let reactorID = Mutex(0)
    private let onClose: @Sendable () -> Void
    private let onNotification: @Sendable (_ channel: String, _ payload: String) -> Void

    init(
        connection: sending OpaquePointer, grace: Duration, reactor: Reactor, logger: Logger,
        onClose: @escaping @Sendable () -> Void,
        onNotification: @escaping @Sendable (_ channel: String, _ payload: String) -> Void
    ) {
        self.backendID = PQbackendPID(connection)
        self.openedAt = .now
        self.notices = Notices(logger: logger)
        self.notices.receive(from: connection)
        self.reactor = reactor
        self.onClose = onClose
        self.onNotification = onNotification
        let descriptor = PQsocket(connection)
        self.state = Mutex(ChannelState(connection: connection, grace: grace, notices: self.notices))
        self.reactorID.withLock { $0 = reactor.add(self, descriptor: descriptor) }
    }

    deinit {
        self.close(PostgresError(code: .clientClosed, message: "the connection was dropped"))
    }

    var isOpen: Bool { self.state.withLock(\.isOpen) }
    var isReusable: Bool { self.state.withLock(\.isReusable) }
    var isInTransaction: Bool { self.state.withLock(\.isInTransaction) }

    /// Does some work and returns the answer.
    ///
    /// - Parameter isShielded: the work goes on when the task is cancelled; its deadline holds all the same.
    func run(
        _ work: ChannelWork, deadline: ContinuousClock.Instant, isShielded: Bool = false
    ) async throws -> ChannelReply {
        let ticket = Ticket()
        if isShielded { return try await self.submit(work, deadline, ticket) }
        return try await withTaskCancellationHandler {
            try await self.submit(work, deadline, ticket)
        } onCancel: {
            if !ticket.withdraw() { self.stop(ticket, .cancelled) }
        }
    }

    private func submit(
        _ work: ChannelWork, _ deadline: ContinuousClock.Instant, _ ticket: Ticket
    ) async throws -> ChannelReply {
        try await withCheckedThrowingContinuation { continuation in
            self.perform { state, effects in
                let request = ChannelRequest(
                    ticket: ticket, work: work, continuation: continuation, deadline: deadline)
                if ticket.submit() {
                    state.submit(request, &effects)
                } else {
                    effects.answers.append(
                        (continuation, .success(ChannelReply(results: [], stopReason: .cancelled))))
                }
            }
        }
    }

    private func stop(_ ticket: Ticket, _ reason: StopReason) {
        self.perform { state, effects in state.stop(ticket, reason, now: .now, &effects) }
    }

    /// Closes the connection; whatever is under way fails with `error`.
    func close(_ error: PostgresError) {
        self.perform { state, effects in state.close(error, &effects) }
    }

    /// Changes the state under the lock, then acts without it.
    private func perform(_ event: (inout ChannelState, inout ChannelState.Effects) -> Void) {
        var effects = ChannelState.Effects()
        self.state.withLock { state in event(&state, &effects) }
        self.carryOut(effects)
    }

    private func carryOut(_ effects: ChannelState.Effects) {
        if effects.isClosed {
            self.reactor.remove(self.reactorID.withLock { $0 })
            self.onClose()
        } else {
            if let isWanted = effects.watchesWrites {
                self.reactor.watchWrites(self.reactorID.withLock { $0 }, isWanted)
            }
            if let deadline = effects.deadline { self.reactor.note(deadline: deadline) }
        }
        for (channel, payload) in effects.notifications { self.onNotification(channel, payload) }
        for (continuation, answer) in effects.answers { continuation.resume(with: answer.mapError { $0 as any Error }) }
        if let cancellation = effects.cancellation { self.send(cancellation) }
    }

    private func send(_ cancellation: ServerCancellation) {
        let isStarted = BlockingThread.start {
            cancellation.send()
            self.perform { state, effects in state.cancellationSent(&effects) }
        }
        if !isStarted {
            self.close(PostgresError(code: .connectionLost, message: "the statement could not be cancelled"))
        }
    }
}

extension Channel: ReactorSource {
    func ready(readable: Bool, writable: Bool) {
        self.perform { state, effects in state.ready(readable: readable, writable: writable, &effects) }
    }

    func expire(now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        var next: ContinuousClock.Instant?
        self.perform { state, effects in next = state.expire(now: now, &effects) }
        return next
    }
}
