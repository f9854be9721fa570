import Dispatch
import Foundation
import Glibc
import MCP
import Synchronization

/// A bare HTTP/1.1 server on 127.0.0.1 that hands requests to an ``MCPServerCore``, so that these tests need no
/// HTTP framework. One thread a connection.
final class LoopbackServer: Sendable {
    let port: Int
    private let listener: Int32
    private let connections = Mutex<Set<Int32>>([])
    private let isStopped = Mutex(false)

    var url: String { "http://127.0.0.1:\(self.port)" }

    /// Runs `body` beside a server for `core`.
    static func with<T: Sendable>(
        _ core: MCPServerCore, _ body: (LoopbackServer) async throws -> T
    ) async throws -> T {
        let server = try LoopbackServer(core: core)
        defer { server.stop() }
        return try await body(server)
    }

    private init(core: MCPServerCore) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 128) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard bound else { throw POSIXError(.EADDRINUSE) }
        self.listener = listener
        self.port = Int(UInt16(bigEndian: address.sin_port))
        let accepting = AcceptLoop(listener: listener, core: core, server: self)
        Thread.detachNewThread { accepting.run() }
    }

    /// Closes the port and cuts all connections.
    func stop() {
        let wasStopped = self.isStopped.withLock { stopped in
            defer { stopped = true }
            return stopped
        }
        // The thread that accepts closes the port, so that it can never accept from another's of the same number.
        if !wasStopped { shutdown(self.listener, Int32(SHUT_RDWR)) }
        self.cutConnections()
    }

    /// Cuts all connections, as a network failure would.
    func cutConnections() {
        self.connections.withLock { open in
            for connection in open { shutdown(connection, Int32(SHUT_RDWR)) }
        }
    }

    fileprivate func add(_ connection: Int32) { self.connections.withLock { _ = $0.insert(connection) } }
    fileprivate func remove(_ connection: Int32) { self.connections.withLock { _ = $0.remove(connection) } }
}

private struct AcceptLoop: Sendable {
    let listener: Int32
    let core: MCPServerCore
    let server: LoopbackServer

    func run() {
        while true {
            let connection = accept(self.listener, nil, nil)
            guard connection >= 0 else {
                if errno == EINTR { continue }
                close(self.listener)
                return
            }
            var yes: Int32 = 1
            setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
            self.server.add(connection)
            Thread.detachNewThread {
                HTTPConnection(descriptor: connection, core: self.core).serve()
                self.server.remove(connection)
                close(connection)
            }
        }
    }
}

/// One connection, served by one blocking thread.
private struct HTTPConnection: Sendable {
    let descriptor: Int32
    let core: MCPServerCore

    func serve() {
        var buffer: [UInt8] = []
        while let request = self.readRequest(&buffer) {
            let done = DispatchSemaphore(value: 0)
            let task = Task {
                defer { done.signal() }
                await self.answer(request)
            }
            // The client's leaving cancels what it asked for; 0x2000 is POLLRDHUP, which Glibc does not export.
            while done.wait(timeout: .now() + .milliseconds(10)) == .timedOut {
                var poll = pollfd(fd: self.descriptor, events: 0x2000, revents: 0)
                if Glibc.poll(&poll, 1, 0) > 0 { task.cancel() }
            }
        }
    }

    private func readRequest(_ buffer: inout [UInt8]) -> MCPServerRequest? {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let head = buffer.firstRange(of: end) {
                let lines = String(decoding: buffer[..<head.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
                let parts = lines[0].split(separator: " ")
                let target = parts[1].split(separator: "?", maxSplits: 1).map(String.init)
                let headers = lines.dropFirst().map { line in
                    let colon = line.firstIndex(of: ":") ?? line.startIndex
                    return (
                        name: String(line[..<colon]),
                        value: line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
                    )
                }
                let length = headers.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) } ?? 0
                if headers.contains(where: { $0.name.lowercased() == "expect" }) {
                    self.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
                }
                while buffer.count < head.upperBound + length { guard self.fill(&buffer) else { return nil } }
                let body = Array(buffer[head.upperBound..<head.upperBound + length])
                buffer.removeFirst(head.upperBound + length)
                return MCPServerRequest(
                    method: String(parts[0]), path: target[0], query: target.count > 1 ? target[1] : "",
                    headers: headers, body: body, remoteAddress: "127.0.0.1")
            }
            guard self.fill(&buffer) else { return nil }
        }
    }

    private func fill(_ buffer: inout [UInt8]) -> Bool {
        let chunk = [UInt8](unsafeUninitializedCapacity: 65536) { memory, count in
            repeat {
                count = recv(self.descriptor, memory.baseAddress, memory.count, 0)
            } while count < 0 && errno == EINTR
            count = max(0, count)
        }
        buffer += chunk
        return !chunk.isEmpty
    }

    private func answer(_ request: MCPServerRequest) async {
        let response = await self.core.handle(request)
        var head = "HTTP/1.1 \(response.status) Status\r\n"
        for (name, value) in response.headers { head += "\(name): \(value)\r\n" }
        switch response.body {
        case .bytes(let bytes):
            self.write(Array((head + "Content-Length: \(bytes.count)\r\n\r\n").utf8) + bytes)
        case .events(let stream):
            self.write(Array((head + "Transfer-Encoding: chunked\r\n\r\n").utf8))
            // A broken connection ends the stream; there is nobody left to tell.
            try? await stream.write { bytes in
                let chunk = Array((String(bytes.count, radix: 16) + "\r\n").utf8) + bytes + Array("\r\n".utf8)
                guard self.write(chunk) else { throw POSIXError(.EPIPE) }
            }
            self.write(Array("0\r\n\r\n".utf8))
        }
    }

    @discardableResult
    private func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(self.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}
