import FoundationEssentials
import Personalization
import ServerSentEvents

/// The events of one operation: its sections as they get finished, how it stands, and its end.
struct OperationEvents: Sendable {
    /// Where the events come from.
    struct Source: Sendable {
        /// How far the operation came, with the sections that are not among the known ones.
        var progress: @Sendable (_ known: Set<Int>) async throws -> OperationProgress
        /// Its place in the queue and the expected time; asked for now and then while it is not over.
        var operation: @Sendable () async throws -> PersonalizationOperation
    }

    /// Times.
    struct Pace: Sendable {
        /// The first pause between two looks, which grows up to the longest.
        var firstPause: Duration = .milliseconds(20)
        var longestPause: Duration = .milliseconds(200)
        /// Silence after which a comment is sent.
        var beat: Duration = .seconds(15)
        /// Between two looks at the place in the queue.
        var estimate: Duration = .seconds(5)
        /// How long a stream lives; the client then takes it up again.
        var budget: Duration = .seconds(300)
    }

    let operationID: UUID
    let lessonSlug: String
    let source: Source
    var pace = Pace()
    let time: Timekeeper

    /// The source does not answer. What was sent stays true, and the client may take the stream up again.
    struct SourceFailure: Error {
        let cause: any Error
    }

    /// Sends what the cursor's client lacks, until the operation is over, the time is, or the task is cancelled.
    /// - Throws: ``SourceFailure``, and what `send` and `beat` throw.
    func run(
        from cursor: EventCursor, send: (ServerSentEvent) async throws -> Void, beat: () async throws -> Void
    ) async throws {
        var run = Run(cursor: cursor, startedAt: self.time.now())
        var looks = LookPace(self.operationID, first: self.pace.firstPause, longest: self.pace.longestPause)
        while true {
            guard let progress = try await self.look({ try await self.source.progress(run.cursor.sections) }),
                let isNews = try await self.tell(progress, &run, send)
            else { return }
            if isNews { looks.restart() }
            guard !progress.state.isOver else {
                run.cursor.isDone = true
                return try await send(run.event("done", OperationEnd(self.lessonSlug, progress)))
            }
            guard self.time.now() - run.startedAt < self.pace.budget else { return }
            if self.time.now() - run.lastSentAt >= self.pace.beat {
                try await beat()
                run.lastSentAt = self.time.now()
            }
            do {
                try await self.time.pause(looks.next())
            } catch is CancellationError {
                return
            }
        }
    }

    /// Asks the source; `nil` when the task was cancelled meanwhile.
    private func look<Value>(_ ask: () async throws -> Value) async throws(SourceFailure) -> Value? {
        do {
            return try await ask()
        } catch {
            guard !Task.isCancelled else { return nil }
            throw SourceFailure(cause: error)
        }
    }

    /// Sends the new sections and what changed; answers whether there was anything to send, `nil` when the task was
    /// cancelled.
    private func tell(
        _ progress: OperationProgress, _ run: inout Run, _ send: (ServerSentEvent) async throws -> Void
    ) async throws -> Bool? {
        var isNew = false
        for section in progress.sections where !run.cursor.sections.contains(section.ordinal) {
            run.cursor.deliver(section.ordinal)
            try await send(
                run.event(
                    "section", SectionEvent(section, done: progress.finished.count, total: progress.total)))
            isNew = true
        }
        // The last event says how it ended: whoever reads one event for each connection gets there, too.
        guard !progress.state.isOver else { return isNew }
        var standing = Standing(progress)
        guard let estimate = try await self.look({ try await self.estimate(&run) }) else { return nil }
        standing.estimate = estimate
        if run.standing != standing {
            run.standing = standing
            try await send(run.event("progress", standing))
            isNew = true
        }
        if isNew { run.lastSentAt = self.time.now() }
        return isNew
    }

    private func estimate(_ run: inout Run) async throws -> Standing.Estimate {
        let now = self.time.now()
        if let last = run.estimatedAt, now - last < self.pace.estimate, let known = run.standing?.estimate {
            return known
        }
        run.estimatedAt = now
        let operation = try await self.source.operation()
        return Standing.Estimate(position: operation.position, etaSeconds: operation.eta?.wholeSecondsUp)
    }

    /// One connection's state.
    private struct Run {
        var cursor: EventCursor
        let startedAt: Duration
        var lastSentAt: Duration
        var estimatedAt: Duration?
        var standing: Standing?

        init(cursor: EventCursor, startedAt: Duration) {
            self.cursor = cursor
            self.startedAt = startedAt
            self.lastSentAt = startedAt
        }

        mutating func event(_ name: String, _ data: some Encodable) throws -> ServerSentEvent {
            self.cursor.count += 1
            return ServerSentEvent(
                id: self.cursor.text, event: name,
                data: String(decoding: try JSONResponse.bytes(of: data), as: UTF8.self))
        }
    }
}

extension PersonalizationOperation.State {
    /// Whether nothing more will happen.
    var isOver: Bool {
        switch self {
        case .queued, .running: false
        case .succeeded, .failed, .cancelled: true
        }
    }
}
