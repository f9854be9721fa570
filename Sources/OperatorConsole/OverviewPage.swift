import Foundation
import JobQueue
import JobQueuePostgres

/// What the overview shows.
struct OverviewPage {
    struct Queue {
        let name: String
        let ready: String
        let scheduled: String
        let running: String
        let dead: String
        let blocked: String
        /// Nothing of it is claimed until operators or time end the pause.
        let isPaused: Bool
        let oldest: String
    }

    struct Worker {
        let name: String
        let queues: String
        let slots: String
        let state: String
        let heartbeat: String
        /// Seen so long ago that its jobs are being rescued.
        let isLost: Bool
    }

    struct DeadLetter {
        let id: String
        let diedAt: String
        let queue: String
        let kind: String
        let attempts: Int
        let code: String
        let message: String
    }

    let queues: [Queue]
    let workers: [Worker]
    let deadLetters: [DeadLetter]
    let hasWorkers: Bool
    let hasDeadLetters: Bool

    init(_ overview: QueueOverview) {
        self.queues = overview.queues.map { queue in
            Queue(
                name: queue.name, ready: Self.count(queue.ready), scheduled: Self.count(queue.scheduled),
                running: Self.count(queue.running), dead: Self.count(queue.dead),
                blocked: Self.count(queue.blocked), isPaused: queue.isPaused,
                oldest: queue.oldestReadyAge.map(Self.age) ?? "–")
        }
        self.workers = overview.workers.map { worker in
            let isLost = worker.heartbeatAge > .seconds(15)
            return Worker(
                name: worker.name, queues: worker.queues.joined(separator: ", "),
                slots: "\(worker.running) of \(worker.slots)",
                state: isLost ? "not seen" : worker.isDraining ? "draining" : "working",
                heartbeat: Self.age(worker.heartbeatAge), isLost: isLost)
        }
        self.deadLetters = overview.deadLetters.map { letter in
            DeadLetter(
                id: letter.id.description, diedAt: letter.diedAt.formatted(.iso8601), queue: letter.queue,
                kind: letter.kind, attempts: letter.attempts, code: letter.code, message: letter.message ?? "")
        }
        self.hasWorkers = !overview.workers.isEmpty
        self.hasDeadLetters = !overview.deadLetters.isEmpty
    }

    private static func count(_ count: Int) -> String {
        count < QueueOverview.countCap ? "\(count)" : "more than \(QueueOverview.countCap - 1)"
    }

    private static func age(_ age: Duration) -> String {
        switch age.components.seconds {
        case ..<120: "\(age.components.seconds) s"
        case ..<7_200: "\(age.components.seconds / 60) min"
        default: "\(age.components.seconds / 3_600) h"
        }
    }
}
