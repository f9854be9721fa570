import ServerTesting
import Testing

@testable import MCP

@Suite struct MCPServerSessionsTests {
    private func books(
        sessions: Int = 2, calls: Int = 2, idle: Duration = .seconds(10)
    ) -> MCPServerSessions<String, Int> {
        var limits = MCPServerLimits()
        limits.maximumSessions = sessions
        limits.maximumConcurrentCalls = calls
        limits.sessionIdleTimeout = idle
        return MCPServerSessions(limits: limits)
    }

    private func isOpened(_ action: MCPServerSessions<String, Int>.OpenAction) -> Bool {
        if case .opened = action { true } else { false }
    }

    @Test func sessionsBeyondTheLimitAreRefusedUntilIdleOnesMakeRoom() {
        var books = self.books()
        #expect(self.isOpened(books.open("a", generation: .httpSSE, version: nil, handle: "A", now: .zero)))
        #expect(self.isOpened(books.open("b", generation: .httpSSE, version: nil, handle: "B", now: .seconds(5))))
        #expect(!self.isOpened(books.open("c", generation: .httpSSE, version: nil, handle: "C", now: .seconds(9))))
        guard
            case .opened(let remains) = books.open(
                "c", generation: .httpSSE, version: nil, handle: "C", now: .seconds(11))
        else {
            Issue.record("refused")
            return
        }
        #expect(remains.handles == ["A"])
        #expect(books.sessions.keys.sorted() == ["b", "c"])
    }

    @Test func aSessionIsKnownOnlyToItsGenerationAndOnlyWhileItIsUsed() {
        var books = self.books()
        _ = books.open("a", generation: .httpSSE, version: nil, handle: nil, now: .zero)
        #expect(books.use("a", generation: .streamableHTTP, now: .zero) == nil)
        #expect(books.use("a", generation: .httpSSE, now: .seconds(9)) != nil)
        #expect(books.use("a", generation: .httpSSE, now: .seconds(18)) != nil)
        #expect(books.use("a", generation: .httpSSE, now: .seconds(29)) == nil)
        #expect(books.use("b", generation: .httpSSE, now: .zero) == nil)
    }

    @Test func callsAreCountedAcrossSessionsAndIdsMayNotRepeatWithinOne() {
        var books = self.books(calls: 3)
        _ = books.open("a", generation: .httpSSE, version: nil, handle: nil, now: .zero)
        _ = books.open("b", generation: .httpSSE, version: nil, handle: nil, now: .zero)
        #expect(books.beginCall(.integer(1), in: "a", signal: 1) == .run)
        #expect(books.beginCall(.integer(1), in: "a", signal: 2) == .refuseDuplicateID)
        #expect(books.beginCall(.integer(1), in: "b", signal: 3) == .run)
        #expect(books.beginCall(.integer(1), in: nil, signal: 4) == .run)
        #expect(books.beginCall(.integer(2), in: nil, signal: 5) == .refuseOverload)
        #expect(books.cancelCall(.integer(1), in: "a") == 1)
        books.endCall(.integer(1), in: "a")
        #expect(books.cancelCall(.integer(1), in: "a") == nil)
        #expect(books.beginCall(.integer(2), in: nil, signal: 5) == .run)
    }

    @Test func closingStopsTheCallsAndCountsThemOffOnce() {
        var books = self.books()
        _ = books.open("a", generation: .httpSSE, version: nil, handle: "A", now: .zero)
        _ = books.beginCall(.integer(1), in: "a", signal: 1)
        let remains = books.close("a")
        #expect(remains.handles == ["A"])
        #expect(remains.signals == [1])
        books.endCall(.integer(1), in: "a")
        #expect(books.runningCalls == 0)
        #expect(books.beginCall(.integer(2), in: "a", signal: 2) == .refuseOverload)
    }

    @Test func afterShutdownNothingBegins() {
        var books = self.books()
        _ = books.open("a", generation: .httpSSE, version: nil, handle: "A", now: .zero)
        #expect(books.shutDown().handles == ["A"])
        #expect(!self.isOpened(books.open("b", generation: .httpSSE, version: nil, handle: nil, now: .zero)))
        #expect(books.beginCall(.integer(1), in: nil, signal: 1) == .refuseOverload)
    }

    @Test func theCountOfCallsNeverDrifts() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        var books = self.books(sessions: 4, calls: 6)
        var running: [(RequestID, String?)] = []
        var now = Duration.zero
        for step in 0..<5000 {
            now += .milliseconds(Int.random(in: 0...200, using: &generator))
            let name = "s\(Int.random(in: 0..<5, using: &generator))"
            switch Int.random(in: 0..<6, using: &generator) {
            case 0:
                if books.sessions[name] == nil {
                    _ = books.open(name, generation: .httpSSE, version: nil, handle: nil, now: now)
                }
            case 1: _ = books.close(name)
            case 2, 3:
                let session = Bool.random(using: &generator) ? name : nil
                let id = RequestID.integer(Int64(step))
                if books.beginCall(id, in: session, signal: step) == .run { running.append((id, session)) }
            case 4:
                if !running.isEmpty {
                    let call = running.remove(at: Int.random(in: 0..<running.count, using: &generator))
                    books.endCall(call.0, in: call.1)
                }
            default: _ = books.use(name, generation: .httpSSE, now: now)
            }
            #expect((0...6).contains(books.runningCalls), "seed \(seed)")
        }
        for call in running { books.endCall(call.0, in: call.1) }
        #expect(books.runningCalls == 0, "seed \(seed)")
    }
}
