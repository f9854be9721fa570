import Synchronization

/// Keeps every attempt and says what was spent today.
public protocol AttemptLedger: Sendable {
    /// Files an attempt and adds it to the sums of its day. Answers the number under which it can be found, where
    /// there is one.
    func record(_ attempt: ModelAttempt) async throws -> Int64?

    /// What these scopes spent on the present day of UTC, in millionths of a US dollar. One that spent nothing is left
    /// out.
    func spentToday(_ scopes: [String]) async throws -> [String: Int64]

    /// Notes the checks that the answer of an attempt broke.
    func note(failedChecks: [String], of attempt: Int64) async throws
}

/// A ledger of this process alone, for tools that write no database. It knows no days: its budgets are those of a run.
public final class MemoryLedger: AttemptLedger {
    private let attempts = Mutex<[ModelAttempt]>([])

    /// An empty ledger.
    public init() {}

    /// What was filed, the oldest first.
    public var all: [ModelAttempt] { self.attempts.withLock { $0 } }

    public func record(_ attempt: ModelAttempt) async throws -> Int64? {
        self.attempts.withLock { attempts in
            attempts.append(attempt)
            return Int64(attempts.count)
        }
    }

    public func spentToday(_ scopes: [String]) async throws -> [String: Int64] {
        self.attempts.withLock { attempts in
            attempts.reduce(into: [:]) { sums, attempt in
                for scope in attempt.scopes where scopes.contains(scope) {
                    sums[scope, default: 0] += attempt.costMicros
                }
            }
        }
    }

    public func note(failedChecks: [String], of attempt: Int64) async throws {}
}
