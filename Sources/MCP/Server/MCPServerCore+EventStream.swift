import Synchronization

/// HTTP+SSE, the transport of 2024-11-05: answers go out on one event stream, messages come in by POST.
extension MCPServerCore {
    /// GET: opens a session, whose first event names the address for its messages.
    func openEventStream(_ request: MCPServerRequest) -> MCPServerResponse {
        let (inbox, continuation) = AsyncStream<InboxItem>.makeStream()
        let handle = StreamHandle(inbox: continuation)
        guard let id = self.openSession(generation: .httpSSE, version: nil, handle: handle) else {
            return .plain(503, "Too many sessions", headers: [("Retry-After", "5")])
        }
        let endpoint = Array("\(self.paths.messages)?session_id=\(id)".utf8)
        return .events(
            MCPEventStream(maximumQueuedBytes: self.limits.maximumQueuedBytes) { outbox in
                defer { self.closeSession(id) }
                outbox.send(event: "endpoint", data: endpoint)
                await self.withKeepAlive(outbox, onTick: { self.keep(id, .httpSSE) }) {
                    await self.serve(inbox, of: id, outbox)
                }
            })
    }

    /// Carries out what the session's POSTs bring, until the session ends.
    private func serve(_ inbox: AsyncStream<InboxItem>, of session: String, _ outbox: Outbox) async {
        await withDiscardingTaskGroup { group in
            for await item in inbox {
                switch item {
                case .reply(let message):
                    outbox.send(message)
                case .call(var call, let signal):
                    if let token = Self.progressToken(call.params) {
                        call.sendProgress = { outbox.send($0.notification(token: token)) }
                    }
                    let running = call
                    group.addTask {
                        if case .answer(let message) = await self.run(running, in: session, signal: signal) {
                            outbox.send(message)
                        }
                    }
                }
            }
            group.cancelAll()
        }
    }

    /// An open stream is use enough; tells whether the session still stands.
    func keep(_ session: String, _ generation: MCPGeneration) -> Bool {
        let now = self.time.now()
        return self.sessions.withLock { $0.use(session, generation: generation, now: now) != nil }
    }

    /// POST: takes one message, or a batch where 2025-03-26 was negotiated. Whatever it asks is answered on the stream.
    func postMessage(_ request: MCPServerRequest) -> MCPServerResponse {
        guard let id = request.queryItem("session_id") ?? request.queryItem("sessionId"), !id.isEmpty else {
            return .plain(400, "session_id is missing")
        }
        let now = self.time.now()
        guard let session = self.sessions.withLock({ $0.use(id, generation: .httpSSE, now: now) }),
            let handle = session.handle
        else { return .plain(404, "Could not find session") }
        guard request.hasJSONBody else { return .plain(415, "Content-Type must be application/json") }
        let messages: [JSONRPCMessage]
        do {
            messages = try self.messages(in: request.body, version: session.version)
        } catch {
            return .plain(400, error.message)
        }
        for message in messages {
            self.accept(message, session: session, id: id, handle: handle, remoteAddress: request.remoteAddress)
        }
        return .plain(202, "Accepted")
    }

    private func accept(
        _ message: JSONRPCMessage, session: MCPServerSessions<StreamHandle, CancellationSignal>.Session, id: String,
        handle: StreamHandle, remoteAddress: String?
    ) {
        switch message {
        case .request(let requestID, let method, let params):
            guard session.version != nil || method == "initialize" || method == "ping" else {
                handle.inbox.yield(
                    .reply(.error(id: requestID, .invalidRequest("The session is not initialized yet"))))
                return
            }
            let signal = CancellationSignal()
            if let refusal = self.begin(requestID, in: id, signal: signal) {
                handle.inbox.yield(.reply(.error(id: requestID, refusal)))
                return
            }
            let call = MCPServerMethods.Call(
                id: requestID, method: method, params: params, version: session.version ?? .v2024_11_05,
                remoteAddress: remoteAddress)
            handle.inbox.yield(.call(call, signal))
        case .notification(let method, let params):
            self.notified(method, params, session: id)
        case .result, .error:
            // Answers to requests that this server never makes.
            break
        }
    }

    /// A notification of a session's client. Those that do not concern us are ignored, as JSON-RPC wants.
    func notified(_ method: String, _ params: JSONValue?, session: String) {
        guard method == "notifications/cancelled", let requestID = RequestID(params?["requestId"]) else { return }
        self.sessions.withLock { $0.cancelCall(requestID, in: session) }?.fire()
    }

    /// The messages of a body; more than one only in the revision that had batches.
    func messages(in body: [UInt8], version: MCPProtocolVersion?) throws(JSONRPCError) -> [JSONRPCMessage] {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: body)
        } catch {
            throw .parseError("The body is no JSON: \(error)")
        }
        guard let batch = value.arrayValue else { return [try JSONRPCMessage(value)] }
        guard version == .v2025_03_26 else { throw .invalidRequest("A body holds one message") }
        guard !batch.isEmpty, batch.count <= self.limits.maximumBatchCount else {
            throw .invalidRequest("A batch holds 1 to \(self.limits.maximumBatchCount) messages")
        }
        var messages: [JSONRPCMessage] = []
        for element in batch {
            let message = try JSONRPCMessage(element)
            if case .request(_, "initialize", _) = message {
                throw .invalidRequest("initialize cannot be part of a batch")
            }
            messages.append(message)
        }
        return messages
    }
}

extension MCPServerRequest {
    /// Whether the body is announced as JSON.
    var hasJSONBody: Bool {
        guard let type = self.header("Content-Type")?.split(separator: ";").first else { return false }
        return String(type).trimmingSpaces.equalsIgnoringCase("application/json")
    }

    /// Whether the client takes answers of `type`.
    func accepts(_ type: String) -> Bool {
        let family = String(type.prefix { $0 != "/" }) + "/*"
        return self.headers.lazy.filter { $0.name.equalsIgnoringCase("Accept") }.contains { field in
            field.value.split(separator: ",").contains { range in
                let name = String(range.prefix { $0 != ";" }).trimmingSpaces
                return name == "*/*" || name.equalsIgnoringCase(type) || name.equalsIgnoringCase(family)
            }
        }
    }
}

extension String {
    /// The text without spaces and tabs at its ends.
    var trimmingSpaces: String {
        let head = self.drop { $0 == " " || $0 == "\t" }
        guard let last = head.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return String(head[...last])
    }
}
