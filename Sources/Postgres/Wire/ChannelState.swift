import CPostgres

/// The libpq side of a channel; lives under the channel's lock and performs nothing beyond libpq calls.
///
/// Each event adds to ``Effects``, which the channel carries out after it has let go of the lock.
struct ChannelState {
    struct Effects {
        var answers: [(CheckedContinuation<ChannelReply, any Error>, Result<ChannelReply, PostgresError>)] = []
        var notifications: [(channel: String, payload: String)] = []
        var cancellation: ServerCancellation?
        var watchesWrites: Bool?
        var deadline: ContinuousClock.Instant?
        var isClosed = false
    }

    private(set) var connection: OpaquePointer?
    private(set) var closeError: PostgresError?
    private var current: ChannelRequest?
    private var queue: [ChannelRequest] = []
    private var isCopying = false
    private var plans: SessionPlans
    /// How the current statement went out.
    private var way = SessionPlans.Way.plain
    /// While a cancel request is on its way, a new statement could be hit in the place of the old one.
    private var isCancelling = false
    private var watchesWrites = false
    private let grace: Duration
    private let notices: Notices

    init(connection: OpaquePointer, grace: Duration, notices: Notices) {
        self.connection = connection
        self.plans = SessionPlans(backendID: PQbackendPID(connection))
        self.grace = grace
        self.notices = notices
    }

    var isOpen: Bool { self.connection != nil }

    /// Whether somebody else may have the connection: it is open, idle, and in no transaction.
    var isReusable: Bool {
        guard let connection else { return false }
        return self.current == nil && self.queue.isEmpty && !self.isCopying
            && PQtransactionStatus(connection) == PQTRANS_IDLE
    }

    var isInTransaction: Bool {
        guard let connection else { return false }
        return PQtransactionStatus(connection) != PQTRANS_IDLE
    }

    // Requests

    mutating func submit(_ request: ChannelRequest, _ effects: inout Effects) {
        if let closeError {
            effects.answers.append((request.continuation, .failure(closeError)))
            return
        }
        self.queue.append(request)
        effects.deadline = request.deadline
        self.startNext(&effects)
    }

    mutating func stop(
        _ ticket: Ticket, _ reason: StopReason, now: ContinuousClock.Instant, _ effects: inout Effects
    ) {
        if self.current?.ticket === ticket {
            self.stopCurrent(reason, now: now, &effects)
        } else if let index = self.queue.firstIndex(where: { $0.ticket === ticket }) {
            let request = self.queue.remove(at: index)
            effects.answers.append((request.continuation, .success(ChannelReply(results: [], stopReason: reason))))
        }
    }

    mutating func cancellationSent(_ effects: inout Effects) {
        self.isCancelling = false
        self.startNext(&effects)
    }

    mutating func expire(now: ContinuousClock.Instant, _ effects: inout Effects) -> ContinuousClock.Instant? {
        for request in self.queue where request.deadline <= now {
            effects.answers.append((request.continuation, .success(ChannelReply(results: [], stopReason: .timeout))))
        }
        self.queue.removeAll { $0.deadline <= now }
        if let current, current.deadline <= now {
            if current.stopReason == nil {
                self.stopCurrent(.timeout, now: now, &effects)
            } else {
                self.close(
                    PostgresError(
                        code: current.stopReason == .cancelled ? .cancelled : .timeout,
                        message: "the server did not answer after the statement was cancelled"), &effects)
            }
        }
        return ([self.current?.deadline].compactMap { $0 } + self.queue.map(\.deadline)).min()
    }

    /// Closes the connection and fails everything under way with `error`.
    mutating func close(_ error: PostgresError, _ effects: inout Effects) {
        guard let connection else { return }
        PQfinish(connection)
        self.connection = nil
        self.closeError = error
        self.isCopying = false
        effects.isClosed = true
        for request in [self.current].compactMap({ $0 }) + self.queue {
            effects.answers.append((request.continuation, .failure(error)))
        }
        self.current = nil
        self.queue = []
    }

    // The socket

    mutating func ready(readable: Bool, writable: Bool, _ effects: inout Effects) {
        guard let connection else { return }
        if readable, !self.read(connection) {
            self.collectLast(connection)
            self.lose(&effects)
            return
        }
        self.flush(connection, &effects)
        self.takeNotifications(connection, &effects)
        if self.current != nil { self.collect(&effects) }
    }

    /// A TLS record holds up to 16 KiB and libpq may read half of it; what stays behind inside the TLS library makes
    /// no socket readable, so reading goes on until a record must be used up.
    private func read(_ connection: OpaquePointer) -> Bool {
        guard PQconsumeInput(connection) == 1 else { return false }
        guard PQsslInUse(connection) == 1 || PQgssEncInUse(connection) == 1 else { return true }
        for _ in 0..<2 {
            guard PQconsumeInput(connection) == 1 else { return false }
        }
        return true
    }

    private mutating func flush(_ connection: OpaquePointer, _ effects: inout Effects) {
        let left = PQflush(connection)
        if left < 0 {
            // The server's last words may stand in the read buffer, the cause of the failed write among them.
            _ = PQconsumeInput(connection)
            self.collectLast(connection)
            self.lose(&effects)
            return
        }
        if self.watchesWrites != (left == 1) {
            self.watchesWrites = left == 1
            effects.watchesWrites = self.watchesWrites
        }
        if left == 0, case .copyData = self.current?.work { self.finish(&effects) }
    }

    private func takeNotifications(_ connection: OpaquePointer, _ effects: inout Effects) {
        while let notification = PQnotifies(connection) {
            effects.notifications.append(
                (String(cString: notification.pointee.relname), String(cString: notification.pointee.extra)))
            PQfreemem(notification)
        }
    }

    // Working off

    private mutating func startNext(_ effects: inout Effects) {
        guard self.current == nil, !self.isCancelling, let connection else { return }
        guard let index = self.queue.firstIndex(where: { $0.work.continuesCopy == self.isCopying }) else { return }
        let request = self.queue.remove(at: index)
        self.current = request
        self.way = if case .statement(let statement) = request.work { self.plans.way(statement) } else { .plain }
        guard self.send(request.work, on: connection) else {
            if PQstatus(connection) == CONNECTION_BAD {
                _ = PQconsumeInput(connection)
                self.collectLast(connection)
                self.lose(&effects)
            } else {
                self.close(Self.unexpected("libpq refused to send the statement"), &effects)
            }
            return
        }
        self.flush(connection, &effects)
    }

    private func send(_ work: ChannelWork, on connection: OpaquePointer) -> Bool {
        switch work {
        case .statement(let statement):
            return self.send(statement, on: connection)
        case .copyStart(let statement):
            return statement.send(on: connection)
        case .pipeline(let statements):
            return PQenterPipelineMode(connection) == 1 && statements.allSatisfy { $0.send(on: connection) }
                && PQpipelineSync(connection) == 1
        case .script(let text):
            return PQsendQuery(connection, text) == 1
        case .copyData(let bytes):
            return bytes.withUnsafeBytes { buffer in
                let start = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
                return PQputCopyData(connection, start, Int32(clamping: buffer.count)) == 1
            }
        case .copyEnd(let failure):
            return PQputCopyEnd(connection, failure) == 1
        }
    }

    private func send(_ statement: Statement, on connection: OpaquePointer) -> Bool {
        switch self.way {
        case .plain:
            return statement.send(on: connection)
        case .prepared(let name):
            return statement.sendPrepared(name, on: connection)
        case .asking:
            return PQenterPipelineMode(connection) == 1
                && PQsendQueryParams(
                    connection, SessionPlans.question, 0, nil, nil, nil, nil, 0) == 1
                && statement.send(on: connection) && PQpipelineSync(connection) == 1
        case .preparing(let name):
            return PQenterPipelineMode(connection) == 1 && statement.sendPreparation(as: name, on: connection)
                && statement.sendPrepared(name, on: connection) && PQpipelineSync(connection) == 1
        }
    }

    private mutating func collect(_ effects: inout Effects) {
        guard let connection, let work = self.current?.work else { return }
        if case .copyData = work { return }
        let isPipeline = if case .pipeline = work { true } else { self.way.hasLead }
        var gaps = 0
        while self.current != nil, PQisBusy(connection) == 0 {
            guard let pointer = PQgetResult(connection) else {
                guard isPipeline else {
                    self.finish(&effects)
                    return
                }
                // Between two statements of a pipeline stands one gap; more of them mean that nothing has come yet.
                gaps += 1
                if gaps > 1 { return }
                continue
            }
            gaps = 0
            self.take(ResultTable(owning: pointer), work, connection, &effects)
        }
    }

    private mutating func take(
        _ result: ResultTable, _ work: ChannelWork, _ connection: OpaquePointer, _ effects: inout Effects
    ) {
        switch (result.status, work) {
        case (PGRES_PIPELINE_SYNC, _):
            guard PQexitPipelineMode(connection) == 1 else {
                self.close(Self.unexpected("the pipeline did not end where it should"), &effects)
                return
            }
            self.finish(&effects)
        case (PGRES_COPY_IN, .copyStart):
            self.isCopying = true
            self.finish(&effects)
        case (PGRES_COPY_IN, _), (PGRES_COPY_OUT, _), (PGRES_COPY_BOTH, _):
            self.close(Self.unexpected("a COPY statement was sent as a query"), &effects)
        default:
            self.current?.results.append(result)
        }
    }

    private mutating func finish(_ effects: inout Effects) {
        guard var request = self.current else { return }
        self.current = nil
        self.learn(from: &request)
        if case .copyEnd = request.work { self.isCopying = false }
        let reply = ChannelReply(
            results: request.results, stopReason: request.stopReason,
            isUnreplicated: self.notices.takeUnreplicated())
        effects.answers.append((request.continuation, .success(reply)))
        self.startNext(&effects)
    }

    /// Takes our own answer off, and notes what it says of the session.
    private mutating func learn(from request: inout ChannelRequest) {
        guard case .statement(let statement) = request.work, self.way != .plain else { return }
        if self.way.hasLead, let lead = request.results.first,
            lead.status == PGRES_TUPLES_OK || lead.status == PGRES_COMMAND_OK
        {
            request.results.removeFirst()
            let backendID = self.way == .asking ? try? lead.decode(Int32.self, row: 0, column: 0) : nil
            self.plans.led(self.way, statement, serverSays: backendID)
        } else if let failure = request.results.first(where: { $0.status == PGRES_FATAL_ERROR }) {
            self.plans.refused(sqlState: failure.errorField(ResultField.sqlState))
        }
        self.way = .plain
    }

    private mutating func stopCurrent(
        _ reason: StopReason, now: ContinuousClock.Instant, _ effects: inout Effects
    ) {
        guard let connection, self.current?.stopReason == nil else { return }
        self.current?.stopReason = reason
        let end = now + self.grace
        self.current?.deadline = end
        effects.deadline = end
        if let cancellation = ServerCancellation(of: connection) {
            self.isCancelling = true
            effects.cancellation = cancellation
        }
    }

    // The end

    /// Fetches what the server said before it hung up.
    private mutating func collectLast(_ connection: OpaquePointer) {
        for _ in 0..<16 {
            guard PQisBusy(connection) == 0, let pointer = PQgetResult(connection) else { return }
            self.current?.results.append(ResultTable(owning: pointer))
        }
    }

    private mutating func lose(_ effects: inout Effects) {
        // The server's own words come first; libpq adds that the connection is gone.
        let failure = self.current?.results.first { $0.status == PGRES_FATAL_ERROR }
        var error = failure.map { PostgresError(result: $0, stopReason: nil) }
        error?.code = .connectionLost
        self.close(
            error ?? PostgresError(code: .connectionLost, message: "the server closed the connection"), &effects)
    }

    private static func unexpected(_ message: String) -> PostgresError {
        PostgresError(code: .unexpectedAnswer, message: message)
    }
}
