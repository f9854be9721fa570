import CPostgres
import Logging

/// Takes the server's notices and warnings to the logger.
final class Notices: Sendable {
    private let logger: Logger

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

    private func log(_ result: OpaquePointer) {
        func field(_ code: Int32) -> String {
            PQresultErrorField(result, code).map { String(cString: $0) } ?? ""
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
