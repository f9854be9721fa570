import CPostgres
import Synchronization

/// The right to ask the server to stop what a connection is doing; safe to use while the connection is in use.
final class ServerCancellation: Sendable {
    private let handle: Mutex<OpaquePointer>

    init?(of connection: OpaquePointer) {
        guard let handle = PQgetCancel(connection) else { return nil }
        // libpq copies what it needs, so the handle shares nothing with the connection.
        nonisolated(unsafe) let copy = handle
        self.handle = Mutex(copy)
    }

    deinit {
        self.handle.withLock { PQfreeCancel($0) }
    }

    /// Opens a connection of its own and blocks until the server has taken the request.
    func send() {
        ExitGuard.enter()
        defer { ExitGuard.leave() }
        self.handle.withLock { handle in
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
                // What became of it shows on the connection itself: an answer in time, or none.
                _ = PQcancel(handle, buffer.baseAddress, 256)
            }
        }
    }
}
