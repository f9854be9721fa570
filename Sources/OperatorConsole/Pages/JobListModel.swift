import JobQueue
import JobQueuePostgres
import PipelineJobs

/// What the list of jobs shows.
struct JobListModel: Sendable {
    struct Choice: Sendable {
        let value: String
        let isChosen: Bool
    }

    struct Job: Sendable {
        let id: String
        let address: String
        let state: String
        let queue: String
        let kind: String
        let attempt: Int
        let age: String
        let why: String

        init(_ job: JobListEntry) {
            self.id = "\(job.id)"
            self.address = JobPages.address(of: job.id)
            self.state = job.state.rawValue
            self.queue = Excerpt.text(job.queue, bytes: 40)
            self.kind = Excerpt.text(job.kind, bytes: 40)
            self.attempt = job.attempt
            self.age = Excerpt.duration(job.age)
            self.why = Excerpt.text(job.gate ?? job.code ?? "", bytes: 60)
        }
    }

    let queue: String
    let code: String
    let kinds: [Choice]
    let states: [Choice]
    let jobs: [Job]
    let hasJobs: Bool
    /// The address of the next page; `nil` on the last.
    let next: String?
    /// Where the dead letters among them are run again, for those who may.
    let redrive: String?

    /// - Parameter found: one more than `limit` where there is a next page.
    init(_ found: [JobListEntry], _ filter: JobListFilter, limit: Int, maySteer: Bool) {
        self.queue = Excerpt.text(filter.queue ?? "", bytes: 300)
        self.code = Excerpt.text(filter.code ?? "", bytes: 300)
        let known = PipelineKinds.all.map { $0.definition.kind }
        let others = [filter.kind].compactMap(\.self).filter { !known.contains($0) }
        self.kinds = (known + others).sorted().map {
            Choice(value: Excerpt.text($0, bytes: 300), isChosen: $0 == filter.kind)
        }
        self.states = JobSnapshot.State.allCases.map { Choice(value: $0.rawValue, isChosen: $0 == filter.state) }
        self.jobs = found.prefix(limit).map { Job($0) }
        self.hasJobs = !found.isEmpty
        let fields: (String?) -> String = { before in
            ConsoleAddress.text(
                JobPages.path,
                [
                    "queue": filter.queue, "kind": filter.kind, "state": filter.state?.rawValue,
                    "code": filter.code, "before": before,
                ])
        }
        self.next = found.count > limit ? fields(found.prefix(limit).last.map { "\($0.id)" }) : nil
        self.redrive =
            maySteer && filter.state == .dead && !found.isEmpty
            ? ConsoleAddress.text(
                RedrivePage.path, ["queue": filter.queue, "kind": filter.kind, "code": filter.code]) : nil
    }
}

extension JobSnapshot.State {
    /// In the order of a job's life.
    static let allCases: [JobSnapshot.State] = [
        .ready, .scheduled, .blocked, .running, .succeeded, .cancelled, .superseded, .expired, .dead,
    ]
}
