import CCurl
import Foundation
import Synchronization

/// The one thread on which all of a client's transfers run.
///
/// Other threads only leave commands and wake it. It ends, and closes every connection, after ``close()``.
final class CurlEventLoop: Sendable {
    private enum Command {
        case add(Transfer)
        case resume(Transfer)
        case remove(Transfer)
    }

    private struct Inbox {
        var commands: [Command] = []
        var isClosed = false
        var isRunning = false
    }

    private let configuration: HTTPClientConfiguration
    private let inbox = Mutex(Inbox())
    /// Shared by threads only for `curl_multi_wakeup`, which libcurl allows from any thread.
    private nonisolated(unsafe) let multi: UnsafeMutableRawPointer

    private static let isInitialised: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init(configuration: HTTPClientConfiguration) {
        guard Self.isInitialised, let multi = curl_multi_init() else { fatalError("libcurl cannot be initialised") }
        ccurl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, configuration.maximumConnectionsPerHost)
        ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, configuration.maximumIdleConnections)
        self.multi = multi
        self.configuration = configuration
    }

    deinit { curl_multi_cleanup(self.multi) }

    func add(_ transfer: Transfer) {
        if !self.send(.add(transfer)) { transfer.finish(.failure(Self.closed(transfer))) }
    }

    /// The reader of a paused transfer wants more.
    func resume(_ transfer: Transfer) {
        self.send(.resume(transfer))
    }

    func remove(_ transfer: Transfer) {
        self.send(.remove(transfer))
    }

    func close() {
        self.inbox.withLock { $0.isClosed = true }
        curl_multi_wakeup(self.multi)
    }

    @discardableResult
    private func send(_ command: Command) -> Bool {
        enum Next { case nothing, wake, start, refuse }
        let next: Next = self.inbox.withLock { inbox in
            guard !inbox.isClosed else { return .refuse }
            inbox.commands.append(command)
            guard inbox.isRunning else {
                inbox.isRunning = true
                return .start
            }
            // Whoever left the first command has already woken the thread.
            return inbox.commands.count == 1 ? .wake : .nothing
        }
        switch next {
        case .nothing: break
        case .wake: curl_multi_wakeup(self.multi)
        case .start:
            let thread = Thread { self.run() }
            thread.name = "lectern-http"
            thread.start()
        case .refuse: return false
        }
        return true
    }

    private func run() {
        ccurl_block_sigpipe()
        var transfers = RunningTransfers(multi: self.multi, configuration: self.configuration)
        while true {
            let (commands, isClosed) = self.inbox.withLock { inbox in
                defer { inbox.commands.removeAll(keepingCapacity: true) }
                return (inbox.commands, inbox.isClosed)
            }
            for command in commands {
                switch command {
                case .add(let transfer): transfers.add(transfer)
                case .resume(let transfer): transfers.resume(transfer)
                case .remove(let transfer): transfers.remove(transfer)
                }
            }
            if isClosed { break }
            transfers.perform()
            let timeout = transfers.endSilentTransfers(now: .now)
            curl_multi_poll(self.multi, nil, 0, Int32(min(timeout.curlMilliseconds, 60_000)), nil)
        }
        transfers.removeAll { Self.closed($0) }
    }

    private static func closed(_ transfer: Transfer) -> HTTPClientError {
        HTTPClientError(.clientClosed, "\(transfer.request): the HTTP client is closed")
    }
}
