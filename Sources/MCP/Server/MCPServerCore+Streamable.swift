import Synchronization

/// Streamable HTTP, revisions 2025-03-26 to 2025-11-25: POSTs within a session.
extension MCPServerCore {
    /// POST on the Streamable HTTP path, with or without a session, or stateless.
    func postStreamable(_ request: MCPServerRequest) async -> MCPServerResponse {
        guard request.hasJSONBody else { return .plain(415, "Content-Type must be application/json") }
        guard request.accepts("application/json") else { return .plain(406, "Accept must allow application/json") }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: request.body)
        } catch {
            return .message(400, .error(id: nil, .parseError("The body is no JSON: \(error)")))
        }
        if self.isStateless(request, value) {
            return await self.postStateless(request, value)
        }
        if value["method"] == "initialize" {
            return self.initializeSession(value)
        }
        return await self.postInSession(request)
    }

    /// `initialize` opens a session, and the answer's header names it.
    private func initializeSession(_ value: JSONValue) -> MCPServerResponse {
        do {
            guard case .request(let id, _, let params) = try JSONRPCMessage(value) else {
                return .message(400, .error(id: nil, .invalidRequest("initialize is a request")))
            }
            do {
                let (version, result) = try self.methods.initialize(params)
                guard let session = self.openSession(generation: .streamableHTTP, version: version, handle: nil) else {
                    return Self.overloadedResponse
                }
                return .message(200, .result(id: id, result), headers: [("Mcp-Session-Id", session)])
            } catch {
                return .message(400, .error(id: id, error))
            }
        } catch {
            return .message(400, .error(id: nil, error))
        }
    }

    /// Finds the session that a request names; the answer where it names none that stands.
    private func session(
        of request: MCPServerRequest
    ) throws(SessionRefusal) -> (id: String, version: MCPProtocolVersion) {
        guard let id = request.header("Mcp-Session-Id") else {
            throw SessionRefusal(
                response: .message(400, .error(id: nil, .invalidRequest("The header Mcp-Session-Id is missing"))))
        }
        let now = self.time.now()
        guard let session = self.sessions.withLock({ $0.use(id, generation: .streamableHTTP, now: now) }),
            let version = session.version
        else {
            throw SessionRefusal(
                response: .message(404, .error(id: nil, .invalidRequest("This session does not exist (any more)"))))
        }
        if let stated = request.header("MCP-Protocol-Version"), MCPProtocolVersion(rawValue: stated) == nil {
            throw SessionRefusal(response: .message(400, .error(id: nil, .unsupportedVersion(stated))))
        }
        return (id, version)
    }

    private struct SessionRefusal: Error {
        let response: MCPServerResponse
    }

    private func postInSession(_ request: MCPServerRequest) async -> MCPServerResponse {
        let session: (id: String, version: MCPProtocolVersion)
        let messages: [JSONRPCMessage]
        do {
            session = try self.session(of: request)
            messages = try self.messages(in: request.body, version: session.version)
        } catch let refusal as SessionRefusal {
            return refusal.response
        } catch let error as JSONRPCError {
            return .message(400, .error(id: nil, error))
        } catch {
            return .plain(500, "Internal error")
        }
        var calls: [MCPServerMethods.Call] = []
        for message in messages {
            switch message {
            case .request(let id, let method, let params):
                calls.append(
                    .init(
                        id: id, method: method, params: params, version: session.version,
                        remoteAddress: request.remoteAddress))
            case .notification(let method, let params):
                self.notified(method, params, session: session.id)
            case .result, .error:
                break
            }
        }
        guard let only = calls.first else { return MCPServerResponse(status: 202) }
        if messages.count > 1 {
            return await self.answerBatch(calls, in: session.id)
        }
        if let token = Self.progressToken(only.params), request.accepts("text/event-stream") {
            return self.eventStream(of: only, in: session.id, token: token)
        }
        switch await self.perform(only, in: session.id) {
        case .answer(.error(let id, .overloaded)):
            return .message(503, .error(id: id, .overloaded), headers: [("Retry-After", "1")])
        case .answer(let message): return .message(200, message)
        case .cancelled: return MCPServerResponse(status: 202)
        }
    }

    /// Runs the calls of a batch side by side; the answers stand in the order of the calls.
    private func answerBatch(_ calls: [MCPServerMethods.Call], in session: String) async -> MCPServerResponse {
        let answers = await withTaskGroup(of: (Int, CallOutcome).self) { group in
            for (index, call) in calls.enumerated() {
                group.addTask { (index, await self.perform(call, in: session)) }
            }
            var answers: [(Int, JSONValue)] = []
            for await case (let index, .answer(let message)) in group {
                answers.append((index, message.json))
            }
            return answers.sorted { $0.0 < $1.0 }.map(\.1)
        }
        return answers.isEmpty ? MCPServerResponse(status: 202) : .json(200, .array(answers))
    }

    /// GET: a stream for what the server has to say by itself. Only the newest of a session stays.
    func openSessionStream(_ request: MCPServerRequest) -> MCPServerResponse {
        guard request.accepts("text/event-stream") else { return .plain(406, "Accept must allow text/event-stream") }
        let id: String
        do {
            id = try self.session(of: request).id
        } catch {
            // Without a session there is nothing to listen to: a stateless server has no such stream.
            guard request.header("Mcp-Session-Id") != nil else {
                return .plain(405, "Method Not Allowed", headers: [("Allow", "POST")])
            }
            return error.response
        }
        let (inbox, continuation) = AsyncStream<InboxItem>.makeStream()
        let previous = self.sessions.withLock { $0.attach(id, handle: StreamHandle(inbox: continuation)) }
        previous?.inbox.finish()
        return .events(
            MCPEventStream(maximumQueuedBytes: self.limits.maximumQueuedBytes) { outbox in
                // The first bytes let the client see at once that the stream is open.
                outbox.sendKeepAlive()
                await self.withKeepAlive(outbox, onTick: { self.keep(id, .streamableHTTP) }) {
                    for await case .reply(let message) in inbox { outbox.send(message) }
                }
            })
    }

    /// DELETE: the client is done with its session.
    func deleteSession(_ request: MCPServerRequest) -> MCPServerResponse {
        do {
            self.closeSession(try self.session(of: request).id)
            return MCPServerResponse(status: 204)
        } catch {
            return error.response
        }
    }
}
