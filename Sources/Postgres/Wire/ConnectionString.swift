import CPostgres

/// A connection string with this client's defaults around it.
struct ConnectionString: Sendable {
    private let keywords: [String]
    private let values: [String]

    /// - Throws: `PostgresError` with `.invalidArgument`, without libpq's text, which quotes the string.
    init(_ configuration: PostgresConfiguration) throws(PostgresError) {
        guard let options = PQconninfoParse(configuration.url, nil) else {
            throw PostgresError(code: .invalidArgument, message: "the connection string cannot be read")
        }
        PQconninfoFree(options)
        let connectSeconds = max(2, Int(configuration.connectTimeout.components.seconds))
        // libpq lets a later entry win: what stands before the string is a default, what stands after it is not.
        let entries = [
            ("application_name", configuration.applicationName),
            ("connect_timeout", String(connectSeconds)),
            ("keepalives_idle", "30"),
            ("keepalives_interval", "10"),
            ("keepalives_count", "3"),
            ("tcp_user_timeout", "30000"),
            ("dbname", configuration.url),
            ("client_encoding", "UTF8"),
        ]
        self.keywords = entries.map(\.0)
        self.values = entries.map(\.1)
    }

    /// Opens a connection; blocks for up to the connect timeout per host and address.
    func connect() throws(PostgresError) -> sending OpaquePointer {
        ExitGuard.enter()
        defer { ExitGuard.leave() }
        let connection = Self.withCStrings(self.keywords) { keywords in
            Self.withCStrings(self.values) { values in PQconnectdbParams(keywords, values, 1) }
        }
        guard let connection else {
            throw PostgresError(code: .connectionFailed, message: "no memory for a connection")
        }
        guard PQstatus(connection) == CONNECTION_OK, Self.useISODates(connection), PQsetnonblocking(connection, 1) == 0
        else {
            let message = PQerrorMessage(connection).map { String(cString: $0) } ?? ""
            PQfinish(connection)
            throw PostgresError(code: .connectionFailed, message: Self.trimmed(message))
        }
        return connection
    }

    /// Timestamps are read in ISO style. The style is the one session setting made here; PgBouncer tracks it and gives
    /// it to every server connection it lends.
    private static func useISODates(_ connection: OpaquePointer) -> Bool {
        let style = PQparameterStatus(connection, "DateStyle").map { String(cString: $0) } ?? "ISO"
        guard !style.hasPrefix("ISO") else { return true }
        let result = PQexec(connection, "SET DateStyle = 'ISO'")
        defer { PQclear(result) }
        return PQresultStatus(result) == PGRES_COMMAND_OK
    }

    private static func trimmed(_ message: String) -> String {
        message.split(whereSeparator: \.isNewline).joined(separator: "; ")
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Result
    ) -> Result {
        let storage = strings.map { Array($0.utf8CString) }
        let bytes = storage.flatMap { $0 }
        return bytes.withUnsafeBufferPointer { buffer in
            var pointers: [UnsafePointer<CChar>?] = []
            var offset = 0
            for string in storage {
                pointers.append(buffer.baseAddress.map { $0 + offset })
                offset += string.count
            }
            pointers.append(nil)
            return pointers.withUnsafeBufferPointer { pointers in
                body(pointers.baseAddress)
            }
        }
    }
}
