import CPostgres

extension PostgresError {
    /// The error that a failed result stands for.
    init(result: ResultTable, stopReason: StopReason?) {
        let sqlState = result.errorField(ResultField.sqlState)
        self.init(
            code: Self.code(sqlState: sqlState, stopReason: stopReason),
            message: result.errorField(ResultField.message) ?? result.errorMessage, sqlState: sqlState,
            detail: result.errorField(ResultField.detail), hint: result.errorField(ResultField.hint),
            constraint: result.errorField(ResultField.constraint))
    }

    init(stopReason: StopReason) {
        switch stopReason {
        case .timeout: self.init(code: .timeout, message: "the statement took longer than allowed")
        case .cancelled: self.init(code: .cancelled, message: "the task was cancelled")
        }
    }

    private static func code(sqlState: String?, stopReason: StopReason?) -> Code {
        switch sqlState {
        // The administrator, a crash of another backend, a shutdown, idle timeouts: the session is over.
        case "57P01", "57P02", "57P03", "57P05", "25P03": return .connectionLost
        case "57014":
            switch stopReason {
            case .timeout: return .timeout
            case .cancelled: return .cancelled
            case nil: return .server
            }
        default: return .server
        }
    }
}

extension ChannelReply {
    /// The results, where all of them are good.
    ///
    /// An answer that came in good is given even where the request was to be stopped: then its outcome is known. The
    /// exception is a commit that reached no standby: a failover would take it back.
    func checked() throws(PostgresError) -> [ResultTable] {
        for result in self.results {
            switch result.status {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: continue
            default: throw PostgresError(result: result, stopReason: self.stopReason)
            }
        }
        if self.isUnreplicated {
            throw PostgresError(
                code: .unknownOutcome, message: "the server gave up waiting for its standby to confirm the commit")
        }
        if self.results.isEmpty, let stopReason { throw PostgresError(stopReason: stopReason) }
        return self.results
    }
}
