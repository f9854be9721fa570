import JobQueuePostgres

/// A queue's line in the overview, as its page and its events print it.
struct QueueRow: Sendable {
    /// Rows of one page.
    static let maximum = 24

    let name: String
    let shownName: String
    let address: String
    let state: String
    let ready: String
    let oldest: String
    let scheduled: String
    let blocked: String
    let running: String
    let dead: String

    /// The first of them, by name.
    static func rows(_ overview: QueueOverview) -> [QueueRow] {
        overview.queues.prefix(self.maximum).map(QueueRow.init)
    }

    init(_ queue: QueueOverview.Queue) {
        self.name = queue.name
        self.shownName = Excerpt.text(queue.name, bytes: 60)
        self.address = ConsoleAddress.text("/ops/queue", ["name": queue.name])
        self.state = queue.isPaused ? "paused" : "open"
        self.ready = Self.count(queue.ready)
        self.oldest = queue.ready == 0 ? "–" : queue.oldestReadyAge.map(Excerpt.duration) ?? "–"
        self.scheduled = Self.count(queue.scheduled)
        self.blocked = Self.count(queue.blocked)
        self.running = Self.count(queue.running)
        self.dead = Self.count(queue.dead)
    }

    private static func count(_ count: Int) -> String {
        count < QueueOverview.countCap ? "\(count)" : "more than \(QueueOverview.countCap - 1)"
    }
}
