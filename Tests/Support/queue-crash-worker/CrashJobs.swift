import JobQueue
import Synchronization

/// A job of the suite: what one run of it does, and whether its end comes with a row in `crash.effect`.
protocol CrashJob: JobArguments {
    var hasEffect: Bool { get }
    /// The job's last transaction enqueues another job.
    var hasChild: Bool { get }
    func work(_ context: JobContext, memory: Memory) async throws
}

extension CrashJob {
    var hasEffect: Bool { true }
    var hasChild: Bool { false }
}

let crashQueue = "crash"

extension JobDefinition {
    /// So many attempts that no chaos spends them: a dead letter has to have another reason.
    fileprivate static func crash(_ kind: String, lane: Lane = .standard) -> JobDefinition {
        JobDefinition(
            kind: kind, queue: crashQueue, lane: lane,
            retryPolicy: RetryPolicy(base: .milliseconds(100), cap: .milliseconds(500), maxAttempts: 100),
            timeout: .seconds(60))
    }
}

/// What a worker remembers of jobs it has seen.
final class Memory: Sendable {
    private let seen = Mutex<Set<JobID>>([])

    /// True the first time it is asked about a job.
    func isNew(_ job: JobID) -> Bool { self.seen.withLock { $0.insert(job).inserted } }
}

/// Ends at once, and its end is written together with others.
struct PlainCrash: CrashJob {
    static let definition = JobDefinition.crash("crash_plain", lane: .bulk)
    static let dataClasses: [String: DataClass] = ["number": .open]
    var number: Int
    var hasEffect: Bool { false }

    func work(_ context: JobContext, memory: Memory) async throws {}
}

/// Takes its time; unique where it has a key, followed by another job where it is a parent.
struct SlowCrash: CrashJob {
    static let definition = JobDefinition.crash("crash_slow")
    static let dataClasses: [String: DataClass] = ["milliseconds": .open, "key": .open, "isParent": .open]
    var milliseconds: Int
    var key: String?
    var isParent = false
    var uniqueKey: String? { self.key.map { "crash:" + $0 } }
    var hasChild: Bool { self.isParent }

    func work(_ context: JobContext, memory: Memory) async throws {
        try await Task.sleep(for: .milliseconds(self.milliseconds))
    }
}

/// Fails its first attempts, then succeeds.
struct FailingCrash: CrashJob {
    static let definition = JobDefinition.crash("crash_failing")
    static let dataClasses: [String: DataClass] = ["failures": .open]
    var failures: Int

    func work(_ context: JobContext, memory: Memory) async throws {
        guard context.attempt > self.failures else { throw JobError.retry("crash_failing", "not yet") }
    }
}

/// Puts itself off once in every worker that meets it.
struct SnoozingCrash: CrashJob {
    static let definition = JobDefinition.crash("crash_snoozing", lane: .interactive)
    static let dataClasses: [String: DataClass] = ["number": .open]
    var number: Int

    func work(_ context: JobContext, memory: Memory) async throws {
        guard memory.isNew(context.jobID) else { return }
        throw JobError.snooze("crash_snoozing", "not now", for: .milliseconds(200))
    }
}

/// Can never succeed.
struct DoomedCrash: CrashJob {
    static let definition = JobDefinition.crash("crash_doomed")
    static let dataClasses: [String: DataClass] = ["number": .open]
    var number: Int

    func work(_ context: JobContext, memory: Memory) async throws {
        throw JobError.permanent("crash_doomed", "never")
    }
}
