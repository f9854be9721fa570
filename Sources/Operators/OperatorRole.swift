public import Postgres

/// What somebody may do who operates the system.
public enum OperatorRole: String, Hashable, Sendable, CaseIterable, PostgresDecodable {
    /// A program that publishes content: asks for resyncs and reads what became of them.
    case syncer
    /// Sees everything but arguments that are personal.
    case viewer
    /// Sees and steers: pauses, retries, cancels, scales, rolls back.
    case `operator`
    /// Also hands out keys and sets budgets.
    case admin

    /// What a request may need.
    public enum Permission: Hashable, Sendable {
        case read
        case steer
        case resync
        case administer
    }

    /// Whether this role may do that.
    public func may(_ permission: Permission) -> Bool {
        switch (self, permission) {
        case (.admin, _): true
        case (.operator, .read), (.operator, .steer), (.operator, .resync): true
        case (.viewer, .read): true
        case (.syncer, .resync): true
        case (.operator, .administer), (.viewer, _), (.syncer, _): false
        }
    }
}
