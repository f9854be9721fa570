import HTTPTypes
import Hummingbird
import MCP
import NIOCore
import Synchronization

/// Carries one HTTP request to the core and the core's answer back.
struct MCPExchange: Sendable {
    let core: MCPServerCore
    let bodyTimeout: Duration
    let writeTimeout: Duration

    func respond(to request: Request, context: MCPRequestContext) async -> Response {
        let body: [UInt8]
        switch await self.body(of: request) {
        case .read(let bytes): body = bytes
        case .tooLarge:
            return Self.refusal(.contentTooLarge, "The body exceeds \(self.core.limits.maximumBodyBytes) bytes")
        case .late: return Self.refusal(.requestTimeout, "The body did not arrive in time")
        case .broken: return Self.refusal(.badRequest, "The body is incomplete")
        }
        let answer = await self.core.handle(self.coreRequest(request, body: body, context: context))
        let status = HTTPResponse.Status(code: answer.status)
        var headers = HTTPFields()
        for (name, value) in answer.headers {
            if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
        }
        switch answer.body {
        case .bytes(let bytes):
            return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        case .events(let stream):
            // To notice that the client goes away, reading has to go on behind the request, and what comes there cannot
            // be served any more.
            headers[.connection] = "close"
            return Response(
                status: status, headers: headers, body: self.body(of: stream, request: request, context: context))
        }
    }

    private func coreRequest(_ request: Request, body: [UInt8], context: MCPRequestContext) -> MCPServerRequest {
        // HTTPTypes keeps the Host field apart, as the authority.
        var headers = request.head.authority.map { [(name: "Host", value: $0)] } ?? []
        for field in request.headers { headers.append((field.name.rawName, field.value)) }
        let target = (request.head.path ?? "/").split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        return MCPServerRequest(
            method: request.method.rawValue, path: target.first.map(String.init) ?? "/",
            query: target.count == 2 ? String(target[1]) : "", headers: headers, body: body,
            remoteAddress: context.remoteAddress)
    }

    private enum BodyOutcome {
        case read([UInt8])
        case tooLarge, late, broken
    }

    private func body(of request: Request) async -> BodyOutcome {
        let limit = self.core.limits.maximumBodyBytes
        if let length = request.headers[.contentLength], (Int(length) ?? .max) > limit { return .tooLarge }
        return await withTaskGroup(of: BodyOutcome.self) { group in
            group.addTask {
                do {
                    return .read(Array(buffer: try await request.body.collect(upTo: limit)))
                } catch is NIOTooManyBytesError {
                    return .tooLarge
                } catch {
                    return .broken
                }
            }
            group.addTask {
                // Cancelled as soon as the body is there.
                try? await Task.sleep(for: self.bodyTimeout)
                return .late
            }
            let first = await group.next()
            group.cancelAll()
            return first ?? .broken
        }
    }

    private static func refusal(_ status: HTTPResponse.Status, _ text: String) -> Response {
        Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8", .connection: "close"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// Writes events as fast as the client reads, until the stream ends, the client leaves or stops reading.
    private func body(of stream: MCPEventStream, request: Request, context: MCPRequestContext) -> ResponseBody {
        // The body was read to its end; what watches the connection must be told so by giving it a body that ends.
        var request = request
        request.body = RequestBody(buffer: ByteBuffer())
        let watched = request.body
        return ResponseBody { writer in
            let watch = WriteWatch()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    if await watch.stalls(for: self.writeTimeout) { context.disconnect() }
                }
                defer { group.cancelAll() }
                try await watched.consumeWithCancellationOnInboundClose { _ in
                    try await stream.write { bytes in
                        watch.began()
                        try await writer.write(ByteBuffer(bytes: bytes))
                        watch.ended()
                    }
                }
            }
            try await writer.finish(nil)
        }
    }
}

/// Notices a write that takes too long, because the client does not read.
private final class WriteWatch: Sendable {
    /// When the write that is under way began.
    private let beginning = Mutex<ContinuousClock.Instant?>(nil)

    func began() { self.beginning.withLock { $0 = .now } }

    func ended() { self.beginning.withLock { $0 = nil } }

    /// Returns true when a write lasts longer than `timeout`, false when the task is cancelled.
    func stalls(for timeout: Duration) async -> Bool {
        while (try? await Task.sleep(for: timeout / 4)) != nil {
            if let beginning = self.beginning.withLock({ $0 }), .now - beginning > timeout { return true }
        }
        return false
    }
}
