import FoundationEssentials
import JobQueue
import JobQueuePostgres
import Operators

/// One page of jobs.
struct JobPage: Encodable {
    var jobs: [JobRow]
    /// Absent on the last page.
    var next_page_token: String?
}

/// A job in a list.
struct JobRow: Encodable {
    var id: String
    var state: String
    var queue: String
    var kind: String
    var attempt: Int
    var age_ms: Int64
    var gate: String?
    var code: String?

    init(_ job: JobListEntry) {
        self.id = job.id.description
        self.state = job.state.rawValue
        self.queue = job.queue
        self.kind = job.kind
        self.attempt = job.attempt
        self.age_ms = Int64(job.age / .milliseconds(1))
        self.gate = job.gate
        self.code = job.code
    }
}

/// Everything that is kept of a job, as its reader may see it.
struct JobDetail: Encodable {
    struct Reason: Encodable {
        var code: String
        var text: String
    }

    struct Event: Encodable {
        var at: String
        var attempt: Int
        var what: String
        var worker: String?
        var code: String?
        var message: String?
    }

    var id: String
    var state: String
    var queue: String
    var attempt: Int
    var position: Int?
    var code: String?
    var message: String?
    /// Why it is not running, or what became of it.
    var reasons: [Reason]
    var kind: String?
    var max_attempts: Int?
    var enqueued_at: String?
    var actor: String?
    var trace: String?
    /// JSON text; `***` stands for what is not shown.
    var arguments: String?
    var events: [Event]

    init(_ snapshot: JobSnapshot, _ record: JobRecord?, _ reasons: [JobReason], for role: OperatorRole) {
        self.id = snapshot.id.description
        self.state = snapshot.state.rawValue
        self.queue = snapshot.queue
        self.attempt = snapshot.attempt
        self.position = snapshot.position
        self.code = snapshot.code
        self.message = snapshot.message
        self.reasons = reasons.map { Reason(code: $0.code.rawValue, text: $0.sentence) }
        self.kind = record?.kind
        self.max_attempts = record?.maxAttempts
        self.enqueued_at = record?.enqueuedAt.formatted(.iso8601)
        self.actor = record?.actor
        self.trace = record?.trace
        self.arguments = record.map { RedactedArguments.text($0.arguments, ofKind: $0.kind, for: role) }
        self.events = (record?.events ?? []).map { event in
            Event(
                at: event.at.formatted(.iso8601), attempt: event.attempt, what: event.what,
                worker: event.worker.map(String.init), code: event.code, message: event.message)
        }
    }
}
