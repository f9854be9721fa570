/// Which statements a connection's server session keeps prepared.
///
/// Only a session that belongs to the connection may keep any. A transaction pooler lends one for a transaction at a time
/// and tells clients a process number of its own making, so two numbers are compared: the one given when the connection
/// was opened and the one that the server says of itself.
struct SessionPlans {
    /// How a statement goes out.
    enum Way: Equatable {
        case plain
        /// Behind a question for the server's process.
        case asking
        /// Behind the request to keep it under this name.
        case preparing(String)
        case prepared(String)

        /// Whether an answer of ours comes before that of the statement.
        var hasLead: Bool {
            switch self {
            case .asking, .preparing: true
            case .plain, .prepared: false
            }
        }
    }

    static let question = "SELECT pg_backend_pid()"
    /// Statements that are marked as repeated are few; a program that marks everything fills no server's memory.
    private static let limit = 64

    private let backendID: Int32
    private var ownsSession: Bool?
    private var names: [String: String] = [:]

    init(backendID: Int32) {
        self.backendID = backendID
    }

    func way(_ statement: Statement) -> Way {
        guard statement.isRepeated, self.ownsSession != false else { return .plain }
        if self.ownsSession == nil { return .asking }
        if let name = self.names[statement.text] { return .prepared(name) }
        return self.names.count < Self.limit ? .preparing("lectern_\(self.names.count)") : .plain
    }

    /// The lead's answer was good.
    mutating func led(_ way: Way, _ statement: Statement, serverSays backendID: Int32?) {
        switch way {
        case .asking: self.ownsSession = backendID == self.backendID
        case .preparing(let name): self.names[statement.text] = name
        case .plain, .prepared: break
        }
    }

    /// A kept statement was refused: the session does not have it, or what it refers to has another shape now. From here
    /// on everything is sent in full.
    mutating func refused(sqlState: String?) {
        if sqlState == "26000" || sqlState == "0A000" || sqlState == "42P05" { self.ownsSession = false }
    }
}
