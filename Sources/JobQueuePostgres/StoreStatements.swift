import JobQueue
import Postgres

// The statements themselves stand in the database as functions (Schema/Migrations/0006_queue_engine.up.sql): a server
// session keeps their plans, which a pooler that forbids prepared statements would otherwise cost at every call.
extension SQL {
    static func claim(_ request: ClaimRequest) -> SQL {
        let statement: SQL = """
            SELECT * FROM lectern.claim(\(request.queue), \(Int32(clamping: request.limit)), \(request.worker.rawValue),
                                        \(request.hints), \(Int32(clamping: request.aged)))
            """
        return statement.repeated
    }

    /// Ends runs that succeeded and have no consequences beyond their own rows.
    static func finish(_ endings: [JobEnding]) -> SQL {
        let rows = EndingRow.rows(endings)
        let statement: SQL = """
            SELECT job_id, is_busy FROM lectern.finish(
              \(rows.map(\.jobID)), \(rows.map(\.token)), \(rows.map(\.runMilliseconds)), \(rows.map(\.result))::jsonb[])
            """
        return statement.repeated
    }

    /// Ends runs in any way.
    static func end(_ endings: [JobEnding]) -> SQL {
        let rows = EndingRow.rows(endings)
        let statement: SQL = """
            SELECT job_id, is_busy FROM lectern.end_jobs(
              \(rows.map(\.jobID)), \(rows.map(\.token)), \(rows.map(\.action)), \(rows.map(\.delayMilliseconds)),
              \(rows.map(\.runMilliseconds)), \(rows.map(\.result))::jsonb[], \(rows.map(\.code)),
              \(rows.map(\.message)), \(rows.map(\.costMicros)))
            """
        return statement.repeated
    }
}

/// One ending in the shape of the statement's arrays.
private struct EndingRow {
    var jobID: Int64
    var token: Int64
    var action: String
    var delayMilliseconds: Int64 = 0
    var runMilliseconds: Int32
    var result: String?
    var code: String?
    var message: String?
    var costMicros: Int64?

    /// In the order of the jobs, in which those who need several of them lock them, too.
    static func rows(_ endings: [JobEnding]) -> [EndingRow] {
        endings.map(EndingRow.init).sorted { $0.jobID < $1.jobID }
    }

    init(_ ending: JobEnding) {
        self.jobID = ending.job.lease.jobID.rawValue
        self.token = ending.job.lease.token
        self.runMilliseconds = Int32(clamping: ending.ran.milliseconds)
        // PostgreSQL's text holds no NUL.
        self.code = ending.code?.replacing("\0", with: "")
        self.message = ending.message?.replacing("\0", with: "")
        self.costMicros = ending.costMicros
        switch ending.action {
        case .succeed(let result):
            self.action = "succeed"
            self.result = result
        case .retry(let delay):
            // The worker decided; a retry of a last attempt would be a mistake of its policy.
            self.action = ending.job.attempt >= ending.job.maxAttempts ? "discard" : "retry"
            self.delayMilliseconds = max(0, delay.milliseconds)
        case .snooze(let delay):
            self.action = "snooze"
            self.delayMilliseconds = max(0, delay.milliseconds)
        case .release: self.action = "release"
        case .discard: self.action = "discard"
        case .cancel: self.action = "cancel"
        }
    }
}
