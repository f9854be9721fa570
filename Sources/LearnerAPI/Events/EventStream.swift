import HTTPTypes
import Hummingbird
import ServerSentEvents
import ServiceLifecycle

/// An answer that is a stream of events (WHATWG HTML, section 9.2).
///
/// The body is written after the route has returned, so no deadline of the request applies to it: who produces the
/// events bounds their time. The stream ends at once when the client goes or the server drains.
struct EventStream: Sendable {
    /// How long a client waits before it comes back for more.
    static let retry: Duration = .seconds(3)

    /// Takes events while they arise.
    struct Writer: Sendable {
        fileprivate let write: @Sendable (String) async throws -> Void

        /// Sends one event.
        func send(_ event: ServerSentEvent) async throws {
            try await self.write(event.encoded)
        }

        /// Sends what every client ignores, so that nobody on the way takes the stream for dead.
        func beat() async throws {
            try await self.write(ServerSentEvent.comment("still here"))
        }
    }

    /// An answer with the events that `produce` sends. `produce` is cancelled when the client goes or the server
    /// drains; it may then simply return.
    static func response(
        to request: Request, _ produce: @escaping @Sendable (Writer) async throws -> Void
    ) -> Response {
        let headers: HTTPFields = [
            .contentType: "text/event-stream", .cacheControl: "no-store",
            // What watches the client go consumes the connection.
            .connection: "close",
        ]
        let body = request.body
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                let output = Output(writer: writer)
                try await body.consumeWithCancellationOnInboundClose { _ in
                    try await cancelWhenGracefulShutdown {
                        try await output.write("retry: \(Self.retry.components.seconds * 1_000)\n\n")
                        try await produce(Writer { try await output.write($0) })
                    }
                }
                try await writer.finish(nil)
            })
    }

    /// The body's writer for a task of its own. Only that task writes until it has ended, and nobody beside it.
    private struct Output: @unchecked Sendable {
        let writer: any ResponseBodyWriter

        func write(_ text: String) async throws {
            var writer = self.writer
            try await writer.write(ByteBuffer(string: text))
        }
    }
}
