import ProcessBootstrap
import ServiceLifecycle

/// Keeps the database and the MCP clients running while a command uses them.
enum BackendSession {
    static func run<T: Sendable>(
        _ options: ProcessOptions, _ body: @escaping @Sendable (Backends, Settings) async throws -> T
    ) async throws -> T {
        let process = try await ServiceProcess(.command, options: options)
        let backends = try Backends(process)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for service in backends.services {
                group.addTask { try await service.run() }
            }
            do {
                let result = try await body(backends, process.settings)
                group.cancelAll()
                return result
            } catch {
                group.cancelAll()
                throw error
            }
        }
    }
}
