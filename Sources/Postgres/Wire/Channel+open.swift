import Logging
import Synchronization

extension Channel {
    /// Opens a connection; blocks for up to the connect timeout per host and address.
    static func openBlocking(
        _ configuration: PostgresConfiguration, reactor: Reactor, logger: Logger,
        onClose: @escaping @Sendable () -> Void,
        onNotification: @escaping @Sendable (_ channel: String, _ payload: String) -> Void
    ) throws(PostgresError) -> Channel {
        Channel(
            connection: try ConnectionString(configuration).connect(), grace: configuration.cancellationGrace,
            reactor: reactor, logger: logger, onClose: onClose, onNotification: onNotification)
    }

    /// Opens a connection on a thread of its own.
    ///
    /// A cancelled task leaves at once; what its thread opens later is closed.
    static func open(
        _ configuration: PostgresConfiguration, reactor: Reactor, logger: Logger,
        onClose: @escaping @Sendable () -> Void,
        onNotification: @escaping @Sendable (_ channel: String, _ payload: String) -> Void
    ) async throws -> Channel {
        let opening = Opening()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                opening.begin(continuation)
                let isStarted = BlockingThread.start {
                    do throws(PostgresError) {
                        opening.end(
                            .success(
                                try Self.openBlocking(
                                    configuration, reactor: reactor, logger: logger, onClose: onClose,
                                    onNotification: onNotification)))
                    } catch {
                        opening.end(.failure(error))
                    }
                }
                if !isStarted {
                    opening.end(
                        .failure(PostgresError(code: .connectionFailed, message: "no thread to open a connection on")))
                }
            }
        } onCancel: {
            opening.end(.failure(PostgresError(stopReason: .cancelled)))
        }
    }
}

/// Somebody waiting for a channel to be opened, answered once: by the channel, its failure or the waiter's cancellation.
private final class Opening: Sendable {
    private enum State {
        case new
        case waiting(CheckedContinuation<Channel, any Error>)
        case ended(PostgresError?)
    }

    private let state = Mutex(State.new)

    func begin(_ continuation: CheckedContinuation<Channel, any Error>) {
        let error = self.state.withLock { state -> PostgresError? in
            if case .ended(let error) = state { return error }
            state = .waiting(continuation)
            return nil
        }
        if let error { continuation.resume(throwing: error) }
    }

    func end(_ result: Result<Channel, PostgresError>) {
        let continuation = self.state.withLock { state -> CheckedContinuation<Channel, any Error>? in
            switch state {
            case .new:
                if case .failure(let error) = result { state = .ended(error) }
                return nil
            case .waiting(let continuation):
                state = .ended(nil)
                return continuation
            case .ended:
                return nil
            }
        }
        if let continuation {
            continuation.resume(with: result.mapError { $0 as any Error })
        } else if case .success(let channel) = result {
            channel.close(PostgresError(stopReason: .cancelled))
        }
    }
}
