import CPostgres
import Logging
import Synchronization

/// Takes the server's notices and warnings to the logger, and keeps the one that changes what an answer means.
final class Notices: Sendable {
    private let logger: Logger
    private let isUnreplicated = Atomic(false)

    init(logger: Logger) {
        self.logger = logger
    }

    /// Registers with a connection that must not outlive this object.
    func receive(from connection: OpaquePointer) {
        PQsetNoticeReceiver(
            connection,
            { context, result in
                guard let context, let result else { return }
                Unmanaged<Notices>.fromOpaque(context).takeUnretainedValue().log(result)
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Whether since the last call a commit gave up waiting for its standby: the server made the change and says so, but
    /// a failover may lose it (PostgreSQL manual, section 27.2.8).
    func takeUnreplicated() -> Bool {
        self.isUnreplicated.exchange(false, ordering: .acquiringAndReleasing)
    }

    private func log(_ result: OpaquePointer) {
        func field(_ code: Int32) -> String {
            PQresultErrorField(result, code).map { String(cString: $0) } ?? ""
        }
        // The warning has no SQLSTATE of its own, and its text is in the server's language.
        if field(ResultField.sourceFunction) == "SyncRepWaitForLSN" {
            self.isUnreplicated.store(true, ordering: .releasing)
        }
        self.logger.debug(
            "PostgreSQL notice",
            metadata: [
                "severity": "\(field(ResultField.severity))",
                "sql_state": "\(field(ResultField.sqlState))",
                "notice": "\(field(ResultField.message))",
            ])
    }
}
