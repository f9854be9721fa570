import JobQueue
import JobQueuePostgres
import Operators
import Personalization

/// What the page of a job shows.
struct JobModel: Sendable {
    struct Fact: Sendable {
        let name: String
        let value: String
    }

    struct Happening: Sendable {
        let time: String
        let what: String
        let text: String
    }

    /// Happenings of one page.
    private static let maximumHappenings = 30

    let id: String
    let address: String
    let state: String
    private(set) var facts: [Fact]
    private(set) var reasons: [String] = []
    let timeline: [Happening]
    /// How many happenings are not shown.
    let hidden: Int?
    let error: String?
    let result: String?
    /// JSON text, as the viewer may see it; `nil` where the body is kept no more.
    let arguments: String?
    private(set) var acts: [AuditRow] = []
    private(set) var hasActs = false
    let mayRetry: Bool
    let mayCancel: Bool
    let mayDiscard: Bool

    init(_ snapshot: JobSnapshot, _ record: JobRecord?, _ course: JobCourse, viewer: Operator) {
        self.id = "\(snapshot.id)"
        self.address = JobPages.address(of: snapshot.id)
        self.state = snapshot.state.rawValue
        self.facts = Self.facts(snapshot, record, course)
        let happenings = Self.happenings(snapshot, record, course)
        self.timeline = Array(happenings.suffix(Self.maximumHappenings))
        self.hidden = happenings.count > Self.maximumHappenings ? happenings.count - Self.maximumHappenings : nil
        self.error = snapshot.message.map { Excerpt.text("\(snapshot.code ?? "error"): \($0)", bytes: 3_000) }
        self.result = snapshot.result.map { Excerpt.text($0, bytes: 3_000) }
        self.arguments = record.map {
            Excerpt.text(RedactedArguments.text($0.arguments, ofKind: $0.kind, for: viewer.role), bytes: 4_000)
        }
        let maySteer = viewer.role.may(.steer)
        self.mayRetry = maySteer && snapshot.state == .dead
        self.mayDiscard = maySteer && snapshot.state == .dead
        self.mayCancel = maySteer && !snapshot.isFinal
    }

    /// Adds why it stands where it stands, and what operators did to it.
    mutating func explain(_ reasons: [JobReason], acts: [AuditLine]) {
        self.reasons = reasons.map { Excerpt.text($0.sentence, bytes: 800) }
        self.acts = acts.map { AuditRow($0) }
        self.hasActs = !acts.isEmpty
    }

    /// Adds what it has cost, where it asked a model.
    mutating func add(_ cost: ModelLedger.JobCost?) {
        guard let cost else { return }
        self.facts.append(
            Fact(
                name: "Models cost",
                value: "\(Excerpt.dollars(cost.costMicros)) for \(cost.attempts) requests, \(cost.promptTokens) tokens "
                    + "in and \(cost.completionTokens) out"))
    }

    private static func facts(_ snapshot: JobSnapshot, _ record: JobRecord?, _ course: JobCourse) -> [Fact] {
        let runs = record.map { "\(snapshot.attempt) of \($0.maxAttempts)" } ?? "\(snapshot.attempt)"
        let progress = snapshot.progress.map { "\($0.done)\($0.total.map { " of \($0)" } ?? "") \($0.stage ?? "")" }
        let facts: [(String, String?)] = [
            ("Queue", snapshot.queue), ("Kind", record?.kind), ("Lane", record.map { "\($0.lane)" }), ("Runs", runs),
            ("Progress", progress), ("Waited", course.waited.map(Excerpt.duration)),
            ("Ran", course.ran.map(Excerpt.duration)), ("Asked for by", record?.actor), ("Trace", record?.trace),
        ]
        return facts.compactMap { name, value in
            value.map { Fact(name: name, value: Excerpt.text($0, bytes: 200)) }
        }
    }

    /// From its acceptance on.
    private static func happenings(
        _ snapshot: JobSnapshot, _ record: JobRecord?, _ course: JobCourse
    ) -> [Happening] {
        var list: [Happening] = []
        if let record {
            list.append(Happening(time: Excerpt.time(record.enqueuedAt), what: "accepted", text: ""))
        }
        list += (record?.events ?? []).map { event in
            let place = event.worker.map { " on worker \($0)" } ?? ""
            let words = [event.code, event.message].compactMap(\.self).joined(separator: ": ")
            return Happening(
                time: Excerpt.time(event.at),
                what: Excerpt.text("\(event.what), run \(event.attempt)\(place)", bytes: 80),
                text: Excerpt.text(words, bytes: 240))
        }
        if let started = course.startedAt {
            let place = course.worker.map { " on worker \($0)" } ?? ""
            list.append(
                Happening(time: Excerpt.time(started), what: "running, run \(snapshot.attempt)\(place)", text: ""))
        }
        if let ended = course.endedAt {
            list.append(
                Happening(
                    time: Excerpt.time(ended), what: snapshot.state.rawValue,
                    text: Excerpt.text(snapshot.code ?? "", bytes: 100)))
        }
        return list
    }
}
