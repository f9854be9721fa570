public import Postgres
public import ServiceLifecycle

/// Listens for wake-ups on a connection of its own and hands them to the store of a worker.
public struct WakeUpService: Service {
    private let listener: PostgresListener
    private let store: PostgresJobStore

    /// - Parameter listener: listens on ``PostgresJobStore/wakeUpChannel``.
    public init(listener: PostgresListener, store: PostgresJobStore) {
        self.listener = listener
        self.store = store
    }

    public func run() async throws {
        try await withTaskExecutorPreference(self.store.executor) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.listener.run() }
                group.addTask { await self.store.forward(self.listener) }
                try await group.next()
                group.cancelAll()
            }
        }
    }
}
