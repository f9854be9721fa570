import Foundation
public import FoundationEssentials
public import JobQueue

/// A job that failed for good, as a list shows it.
public struct DeadLetter: Hashable, Sendable {
    public var id: JobID
    public var queue: String
    public var kind: String
    public var diedAt: Date
    /// Runs spent.
    public var attempt: Int
    /// Workers that died while they held it.
    public var crashes: Int
    /// A machine word for what went wrong last.
    public var code: String
    public var message: String?
}

/// A dead letter with all that is known of it.
public struct DeadLetterDetail: Hashable, Sendable {
    public var letter: DeadLetter
    /// JSON text.
    public var arguments: String
    public var lane: Lane
    public var maxAttempts: Int
    public var uniqueKey: String?
    public var trace: String?
    public var actor: String?
    public var batch: BatchID?
    /// What happened to it, from the first run on.
    public var events: [JobEvent]
}

/// One thing that went wrong with a job, or was done to it.
public struct JobEvent: Hashable, Sendable {
    public var at: Date
    public var attempt: Int
    /// A machine word: `retry`, `snooze`, `discard`, `cancel`, `lost`, `redriven`.
    public var what: String
    public var worker: Int64?
    public var code: String?
    public var message: String?
}

/// Which dead letters are meant; `nil` matches all.
public struct DeadLetterFilter: Hashable, Sendable {
    public var queue: String?
    public var kind: String?
    public var code: String?

    public init(queue: String? = nil, kind: String? = nil, code: String? = nil) {
        self.queue = queue
        self.kind = kind
        self.code = code
    }
}

/// Where the next page begins. Its text form is for handing back, not for reading.
public struct DeadLetterCursor: Hashable, Sendable, CustomStringConvertible {
    /// Microseconds since 1970.
    let diedAt: Int64
    let jobID: Int64

    init(diedAt: Int64, jobID: Int64) {
        self.diedAt = diedAt
        self.jobID = jobID
    }

    /// Reads the text form; `nil` for anything else.
    public init?(_ text: String) {
        guard let data = Data(base64Encoded: text) else { return nil }
        let parts = String(decoding: data, as: UTF8.self).split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let diedAt = Int64(parts[0]), let jobID = Int64(parts[1]) else { return nil }
        self.init(diedAt: diedAt, jobID: jobID)
    }

    public var description: String { Data("\(self.diedAt).\(self.jobID)".utf8).base64EncodedString() }
}

/// Some dead letters, the newest first.
public struct DeadLetterPage: Hashable, Sendable {
    public var letters: [DeadLetter]
    /// `nil` on the last page.
    public var next: DeadLetterCursor?
}

/// What became of a wish to run a dead letter again.
public enum RedriveResult: String, Hashable, Sendable {
    /// It is runnable, with all its attempts.
    case redriven
    /// A live job with its unique key does the work; the letter ended as superseded.
    case joined
    /// A newer version exists; the letter ended as superseded.
    case superseded
    /// Its time is over; it stays a dead letter.
    case expired
    /// There is no such letter.
    case unknown
}

/// What a redrive of several letters did.
public struct RedriveReport: Hashable, Sendable {
    public var redriven: Int
    public var joined: Int
    public var superseded: Int

    /// Letters that are dead no more.
    public var total: Int { self.redriven + self.joined + self.superseded }
}
