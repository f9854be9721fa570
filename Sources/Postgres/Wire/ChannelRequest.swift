/// What a channel can be asked to do.
enum ChannelWork: Sendable {
    /// One statement with binds.
    case statement(Statement)
    /// Several statements in one round trip; outside a transaction they succeed or fail together.
    case pipeline([Statement])
    /// Text with any number of statements and no binds.
    case script(String)
    /// A `COPY … FROM STDIN`, up to the server's asking for data.
    case copyStart(Statement)
    case copyData([UInt8])
    /// The end of the data; with a reason, the copy is given up.
    case copyEnd(failure: String?)

    var continuesCopy: Bool {
        switch self {
        case .copyData, .copyEnd: true
        case .statement, .pipeline, .script, .copyStart: false
        }
    }
}

/// Why a request was cut short.
enum StopReason: Sendable {
    case timeout, cancelled
}

/// What came back for a request.
struct ChannelReply: Sendable {
    var results: [ResultTable]
    var stopReason: StopReason?
    /// The change was made, but its standby did not confirm it.
    var isUnreplicated = false
}

struct ChannelRequest {
    let ticket: Ticket
    let work: ChannelWork
    let continuation: CheckedContinuation<ChannelReply, any Error>
    /// When the request is stopped; once it is, when the channel is closed for want of an answer.
    var deadline: ContinuousClock.Instant
    var stopReason: StopReason?
    var results: [ResultTable] = []
}
