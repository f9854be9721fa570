import Hummingbird
import JobQueuePostgres
import Operators

/// The overview of all queues and the page of one.
struct QueuePages: Sendable {
    static let path = "/ops/queue"

    let site: ConsoleSite
    let backends: ConsoleBackends

    var pages: [ConsolePage] {
        [
            ConsolePage("ops", get: self.overview),
            ConsolePage("ops/queue", get: self.show, post: self.steer),
        ]
    }

    // MARK: All queues

    private struct Overview {
        struct Charts {
            let name: String
            let address: String
            let figures: [ChartFigure]
        }

        struct DeadLetter {
            let id: String
            let address: String
            let diedAt: String
            let queue: String
            let kind: String
            let error: String
        }

        /// Queues with charts and dead letters of one page.
        static let maximumCharts = 5
        static let maximumLetters = 10

        let queues: [QueueRow]
        let hasQueues: Bool
        let hidden: Int?
        let charts: [Charts]
        let hasCharts: Bool
        let deadLetters: [DeadLetter]
        let hasDeadLetters: Bool

        /// - Parameter histories: the busiest queues get charts.
        init(_ overview: QueueOverview, _ histories: [QueueHistory]) {
            self.queues = QueueRow.rows(overview)
            self.hasQueues = !overview.queues.isEmpty
            self.hidden = overview.queues.count > QueueRow.maximum ? overview.queues.count - QueueRow.maximum : nil
            let busiest = histories.sorted { Self.work($0) > Self.work($1) }.prefix(Self.maximumCharts)
            self.charts = busiest.sorted { $0.queue < $1.queue }.enumerated().map { place, history in
                Charts(
                    name: Excerpt.text(history.queue, bytes: 60),
                    address: ConsoleAddress.text(QueuePages.path, ["name": history.queue]),
                    figures: QueueCharts.figures(history, id: "c\(place)"))
            }
            self.hasCharts = !histories.isEmpty
            self.deadLetters = overview.deadLetters.prefix(Self.maximumLetters).map { letter in
                DeadLetter(
                    id: "\(letter.id)", address: JobPages.address(of: letter.id), diedAt: Excerpt.time(letter.diedAt),
                    queue: Excerpt.text(letter.queue, bytes: 40), kind: Excerpt.text(letter.kind, bytes: 40),
                    error: Excerpt.text("\(letter.code) \(letter.message ?? "")", bytes: 160))
            }
            self.hasDeadLetters = !overview.deadLetters.isEmpty
        }

        private static func work(_ history: QueueHistory) -> Int {
            history.spans.reduce(0) { $0 + $1.statistics.counts.started + ($1.enqueued ?? 0) }
        }
    }

    private func overview(_ call: OperatorCall) async throws -> Response {
        async let overview = self.backends.overview.overview()
        async let histories = self.backends.statistics.history(spans: 20, of: 3)
        return try self.site.page(
            call, "queues", title: "Queues", place: .queues, isLive: true,
            Overview(try await overview, try await histories))
    }

    // MARK: One queue

    private struct Detail {
        let name: String
        let row: QueueRow
        let isPaused: Bool
        let pause: String
        let settings: [String]
        let hasSettings: Bool
        let figures: [ChartFigure]
        let hasFigures: Bool
        let rows: [HistoryRow]
        let jobs: String
        let dead: String
        let maySteer: Bool
        let action: String
    }

    private func show(_ call: OperatorCall) async throws -> Response {
        guard let name = try call.query()["name"] else {
            throw HTTPError(.badRequest, message: "The address names no queue.")
        }
        async let overview = self.backends.overview.overview()
        async let settings = self.backends.control.settings()
        async let charts = self.backends.statistics.history(spans: 60, of: 1, queue: name).first
        async let table = self.backends.statistics.history(spans: 12, of: 5, queue: name).first
        guard let queue = try await overview.queues.first(where: { $0.name == name }) else {
            throw HTTPError(.notFound, message: "Nothing is known of such a queue: no job, no worker and no pause.")
        }
        let known = try await settings.filter { $0.target.queue == name }
        let pause = known.first { $0.target.kind == nil }?.pause
        let figures = try await charts.map { QueueCharts.figures($0, id: "c") } ?? []
        let numbers = known.compactMap(Self.sentence)
        return try await self.site.page(
            call, "queue", title: "Queue \(Excerpt.text(name, bytes: 60))", place: .queues, isLive: true,
            Detail(
                name: Excerpt.text(name, bytes: 60), row: QueueRow(queue), isPaused: queue.isPaused,
                pause: Excerpt.text(Self.sentence(pause), bytes: 600), settings: numbers, hasSettings: !numbers.isEmpty,
                figures: figures, hasFigures: !figures.isEmpty,
                rows: table.map { HistoryRow.rows($0, minutes: 5) } ?? [],
                jobs: ConsoleAddress.text(JobPages.path, ["queue": name]),
                dead: ConsoleAddress.text(JobPages.path, ["queue": name, "state": "dead"]), maySteer: call.maySteer,
                action: ConsoleAddress.text(Self.path, ["name": name])))
    }

    private func steer(_ call: OperatorCall, _ form: ConsoleForm) async throws -> Response {
        let name = try call.query()["name"]
        let notice: ConsoleNotice = try await call.steering(self.backends.actions) { actions, hand in
            let target = try ControlTarget(queue: name, kind: nil)
            switch form["action"] {
            case "pause":
                try await actions.pause(
                    target, for: try form.minutes().map { .seconds($0 * 60) }, reason: try form.remark(), by: hand)
                return .paused
            case "resume":
                return try await actions.resume(target, by: hand) ? .resumed : .notPaused
            default: throw ConsoleForm.unknownAction
            }
        }
        return ConsoleSite.done(notice, at: Self.path, ["name": name])
    }

    private static func sentence(_ pause: ControlSettings.Pause?) -> String {
        guard let pause else { return "" }
        let end = pause.until.map { "until \(Excerpt.time($0))" } ?? "until somebody resumes it"
        let actor = pause.actor.map { " by \($0)" } ?? ""
        return "Paused\(actor) \(end)\(pause.reason.map { ", because: \($0)" } ?? "")"
    }

    /// The numbers that operators set; `nil` where they set none.
    private static func sentence(_ settings: ControlSettings) -> String? {
        let parts: [String?] = [
            settings.maxRunning.map { "\($0) at the same time" }, settings.slots.map { "\($0) slots a worker" },
            settings.prefetch.map { "\($0) claimed ahead" },
            settings.timeout.map { "a run may take \(Excerpt.duration($0))" },
            settings.maxAttempts.map { "\($0) runs" },
            settings.target.kind == nil ? nil : settings.pause.map { Self.sentence($0) },
        ]
        let words = parts.compactMap(\.self)
        return words.isEmpty
            ? nil : Excerpt.text("\(settings.target): \(words.joined(separator: ", "))", bytes: 400)
    }
}
