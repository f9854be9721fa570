import JobQueue
import JobQueuePostgres

/// A job without work: 100 bytes to carry, and a number by which its start is found again.
struct NoOp: JobArguments {
    static let definition = JobDefinition(kind: "no_op", queue: "bench", timeout: .seconds(60))
    static let dataClasses: [String: DataClass] = ["n": .open, "payload": .open, "key": .open]
    private static let bytes = String(repeating: "0123456789", count: 10)

    var n: Int
    var payload: String
    /// Jobs with the same key are merged.
    var key: String?
    var uniqueKey: String? { self.key }

    init(n: Int, key: String? = nil) {
        self.n = n
        self.payload = Self.bytes
        self.key = key
    }
}

/// Notes when the job starts, and is done.
struct NoOpHandler: JobHandler {
    let recorder: StartRecorder

    func perform(_ arguments: NoOp, context: JobContext) async throws -> JobOutcome<JobTransaction> {
        self.recorder.started(arguments.n)
        return JobOutcome()
    }
}
