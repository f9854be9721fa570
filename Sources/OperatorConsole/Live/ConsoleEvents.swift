import FoundationEssentials
import HTTPTypes
import Hummingbird
import JobQueuePostgres
import ServerSentEvents
import ServiceLifecycle
import Synchronization

/// The stream that keeps open pages fresh: the numbers of the queues, and now and then the word to look again.
struct ConsoleEvents: Sendable {
    /// Streams at the same time in a process; a browser that gets none asks for its page every ten seconds instead.
    static let maximumStreams = 32
    private static let pause: Duration = .seconds(5)
    /// A stream ends after so many rounds; the browser takes it up again, if it still may.
    private static let rounds = 60

    private let overview: QueueOverviewStore
    private let gate = Gate()

    init(overview: QueueOverviewStore) {
        self.overview = overview
    }

    /// Answers with `numbers` every five seconds and `look` at every second of them, until the time is over, the
    /// browser goes or the process drains.
    /// - Throws: `HTTPError` 503 where too many listen already.
    func stream(_ call: OperatorCall) async throws -> Response {
        guard self.gate.enter() else {
            throw HTTPError(
                .serviceUnavailable, headers: [.retryAfter: "10"], message: "Too many pages listen already.")
        }
        let request = call.request.body
        let ticket = Ticket(self.gate)
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream", .cacheControl: "no-store",
                // What watches the browser go consumes the connection.
                .connection: "close",
            ],
            body: ResponseBody { writer in
                let output = Output(writer: writer)
                try await request.consumeWithCancellationOnInboundClose { _ in
                    try await cancelWhenGracefulShutdown { try await self.write(to: output) }
                }
                ticket.giveBack()
                try await writer.finish(nil)
            })
    }

    private func write(to output: Output) async throws {
        try await output.write("retry: 3000\n\n")
        for round in 1...Self.rounds {
            do {
                let overview = try await self.overview.overview()
                try await output.write(
                    ServerSentEvent(event: "numbers", data: Self.numbers(of: overview)).encoded)
                if round.isMultiple(of: 2) {
                    try await output.write(ServerSentEvent(event: "look", data: "\(round)").encoded)
                }
                try await Task.sleep(for: Self.pause)
            } catch is CancellationError {
                return
            }
        }
    }

    /// By queue and by the name of the number, as the page prints them.
    static func numbers(of overview: QueueOverview) throws -> String {
        let queues = QueueRow.rows(overview).reduce(into: [String: [String: String]]()) { queues, row in
            queues[row.name] = [
                "ready": row.ready, "oldest": row.oldest, "scheduled": row.scheduled, "blocked": row.blocked,
                "running": row.running, "dead": row.dead, "state": row.state,
            ]
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(queues), as: UTF8.self)
    }

    private final class Gate: Sendable {
        private let open = Mutex(0)

        func enter() -> Bool {
            self.open.withLock { count in
                guard count < ConsoleEvents.maximumStreams else { return false }
                count += 1
                return true
            }
        }

        func leave() { self.open.withLock { $0 -= 1 } }
    }

    /// A place at the gate, given back once: at the stream's end, or with an answer that was never written.
    private final class Ticket: Sendable {
        private let gate: Gate
        private let isOut = Mutex(false)

        init(_ gate: Gate) { self.gate = gate }

        func giveBack() {
            let isFirst = self.isOut.withLock { isOut in
                defer { isOut = true }
                return !isOut
            }
            if isFirst { self.gate.leave() }
        }

        deinit { self.giveBack() }
    }

    /// The body's writer for a task of its own. Only that task writes until it has ended, and nobody beside it.
    private struct Output: @unchecked Sendable {
        let writer: any ResponseBodyWriter

        func write(_ text: String) async throws {
            var writer = self.writer
            try await writer.write(ByteBuffer(string: text))
        }
    }
}
