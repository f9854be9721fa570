import Synchronization

extension MCPServerCore {
    /// How a call ended.
    enum CallOutcome: Sendable {
        case answer(JSONRPCMessage)
        /// Stopped by the client: nothing may be said any more.
        case cancelled
    }

    /// Enters a call in the books; returns the refusal where it may not run.
    func begin(_ id: RequestID, in session: String?, signal: CancellationSignal) -> JSONRPCError? {
        switch self.sessions.withLock({ $0.beginCall(id, in: session, signal: signal) }) {
        case .run: nil
        case .refuseOverload: .overloaded
        case .refuseDuplicateID: .invalidRequest("A request of this id is still running")
        }
    }

    /// Runs a call that was begun, until it ends, is cancelled or has taken too long.
    func run(_ call: MCPServerMethods.Call, in session: String?, signal: CancellationSignal) async -> CallOutcome {
        defer { self.sessions.withLock { $0.endCall(call.id, in: session) } }
        return await withTaskGroup(of: CallOutcome.self) { group in
            group.addTask { await self.outcome(of: call, in: session) }
            group.addTask {
                await signal.wait()
                return .cancelled
            }
            group.addTask {
                do {
                    try await self.time.sleep(self.limits.maximumCallDuration)
                } catch {
                    return .cancelled
                }
                return .answer(
                    .result(id: call.id, MCPToolResult.text("The call took too long", isError: true).json))
            }
            let first = await group.next()
            group.cancelAll()
            return first ?? .cancelled
        }
    }

    private func outcome(of call: MCPServerMethods.Call, in session: String?) async -> CallOutcome {
        do {
            if call.method == "initialize", let session {
                let (version, result) = try self.methods.initialize(call.params)
                self.sessions.withLock { $0.negotiated(session, version: version) }
                return .answer(.result(id: call.id, result))
            }
            return .answer(.result(id: call.id, try await self.methods.answer(call)))
        } catch let error as JSONRPCError {
            return .answer(.error(id: call.id, error))
        } catch {
            return .cancelled
        }
    }

    /// Begins and runs a call whose answer goes back in the same HTTP exchange.
    func perform(_ call: MCPServerMethods.Call, in session: String?) async -> CallOutcome {
        let signal = CancellationSignal()
        if let refusal = self.begin(call.id, in: session, signal: signal) {
            return .answer(.error(id: call.id, refusal))
        }
        return await self.run(call, in: session, signal: signal)
    }

    /// The call as an event stream of its own: progress first, the answer last.
    func eventStream(of call: MCPServerMethods.Call, in session: String?, token: JSONValue) -> MCPServerResponse {
        .events(
            MCPEventStream(maximumQueuedBytes: self.limits.maximumQueuedBytes) { outbox in
                var call = call
                call.sendProgress = { outbox.send($0.notification(token: token)) }
                let running = call
                await self.withKeepAlive(outbox) {
                    if case .answer(let message) = await self.perform(running, in: session) {
                        outbox.send(message)
                    }
                }
            })
    }

    /// Runs `body` while comments keep the stream open.
    func withKeepAlive(
        _ outbox: Outbox, onTick: @escaping @Sendable () -> Bool = { true },
        _ body: @escaping @Sendable () async -> Void
    ) async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                while (try? await self.time.sleep(self.limits.keepAliveInterval)) != nil {
                    guard onTick() else { return outbox.finish() }
                    outbox.sendKeepAlive()
                }
            }
            await body()
            group.cancelAll()
        }
    }

    /// The token by which a request asks for progress (2025-11-25, Progress: a string or an integer).
    static func progressToken(_ params: JSONValue?) -> JSONValue? {
        guard let token = params?["_meta"]?["progressToken"], RequestID(token) != nil else { return nil }
        return token
    }
}
