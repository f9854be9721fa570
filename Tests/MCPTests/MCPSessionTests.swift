import ServerTesting
import Testing

@testable import MCP

@Suite struct MCPSessionTests {
    private let failure = MCPSession.Failure(code: .unreachable, message: "down")

    private func connected(
        _ outcome: MCPSession.ProbeOutcome = .discovered(["2026-07-28"]), at now: Duration = .zero
    ) -> MCPSession {
        var session = MCPSession()
        _ = session.start()
        if case .initialized = outcome { _ = session.probed(.notSpoken("400"), now: now, jitter: 1) }
        _ = session.probed(outcome, now: now, jitter: 1)
        return session
    }

    @Test func theNewestGenerationIsTriedFirstAndThenBackInTime() {
        var session = MCPSession()
        #expect(session.start() == .perform(.discover(.v2026_07_28)))
        #expect(session.probed(.notSpoken("405"), now: .zero, jitter: 1) == .perform(.initialize))
        #expect(session.probed(.notSpoken("405"), now: .zero, jitter: 1) == .perform(.openEventStream))
        #expect(session.endpointNamed("http://h/m") == .greet("http://h/m"))
        #expect(session.endpointNamed("http://h/other") == .ignore)
        let link = MCPSession.Link(
            generation: .httpSSE, version: .v2024_11_05, endpoint: "http://h/m", epoch: 1)
        #expect(session.greeted(version: "2024-11-05", now: .zero) == .serve(link))
        #expect(session.link == link)
    }

    @Test func aHintChangesOnlyTheOrder() {
        var session = MCPSession(hint: .httpSSE)
        #expect(session.start() == .perform(.openEventStream))
        #expect(session.probed(.notSpoken("404"), now: .zero, jitter: 1) == .perform(.discover(.v2026_07_28)))
        #expect(session.probed(.notSpoken("404"), now: .zero, jitter: 1) == .perform(.initialize))
        guard case .wait(_, let failure) = session.probed(.notSpoken("404"), now: .zero, jitter: 1) else {
            Issue.record("went on")
            return
        }
        #expect(failure.code == .unreachable)
    }

    @Test func aModernServerOfAnotherRevisionIsAskedAgainInItsOwnWords() {
        var session = MCPSession()
        _ = session.start()
        #expect(
            session.probed(.refusedVersion(supported: ["2025-11-25", "2024-11-05"]), now: .zero, jitter: 1)
                == .perform(.initialize))
        var stranger = MCPSession()
        _ = stranger.start()
        guard
            case .wait(_, let failure) = stranger.probed(
                .refusedVersion(supported: ["2030-01-01"]), now: .zero, jitter: 1)
        else {
            Issue.record("went on")
            return
        }
        #expect(failure.code == .unsupportedVersion)
    }

    @Test func aDiscoveryThatNamesOnlyOldRevisionsLeadsToTheHandshake() {
        var session = MCPSession()
        _ = session.start()
        #expect(session.probed(.discovered(["2025-06-18"]), now: .zero, jitter: 1) == .perform(.initialize))
        #expect(
            session.probed(.initialized(version: "2025-06-18", sessionID: "s"), now: .zero, jitter: 1)
                == .serve(.init(generation: .streamableHTTP, version: .v2025_06_18, sessionID: "s", epoch: 1)))
    }

    @Test func aHandshakeOnAnUnknownRevisionIsRefused() {
        var session = MCPSession(hint: .streamableHTTP)
        _ = session.start()
        guard
            case .wait(_, let failure) = session.probed(
                .initialized(version: "1999-01-01", sessionID: nil), now: .zero, jitter: 1)
        else {
            Issue.record("accepted")
            return
        }
        #expect(failure.code == .unsupportedVersion)
    }

    @Test func anOutageIsNoVerdictOnTheGeneration() {
        var session = MCPSession()
        _ = session.start()
        #expect(session.probed(.failed(self.failure), now: .zero, jitter: 1) == .wait(.milliseconds(250), self.failure))
        #expect(session.waited() == .perform(.discover(.v2026_07_28)))
        #expect(session.probed(.failed(self.failure), now: .zero, jitter: 1) == .wait(.milliseconds(500), self.failure))
        #expect(session.lastFailure == self.failure)
    }

    @Test func aConnectionThatHeldIsSoughtAgainAtOnceAndOneThatBreaksAgainWaits() {
        var session = self.connected(.initialized(version: "2025-11-25", sessionID: "s"))
        #expect(session.lost(epoch: 1, self.failure, now: .seconds(60), jitter: 1) == .perform(.initialize))
        _ = session.probed(.initialized(version: "2025-11-25", sessionID: "t"), now: .seconds(60), jitter: 1)
        #expect(
            session.lost(epoch: 2, self.failure, now: .seconds(61), jitter: 1)
                == .wait(.milliseconds(500), self.failure))
    }

    @Test func aWaitThatTheServerAsksForIsKeptWithinLimits() {
        var session = self.connected()
        #expect(
            session.lost(epoch: 1, self.failure, retry: .seconds(3), now: .seconds(60), jitter: 1)
                == .wait(.seconds(3), self.failure))
        var other = self.connected()
        #expect(
            other.lost(epoch: 1, self.failure, retry: .seconds(86400), now: .seconds(60), jitter: 1)
                == .wait(.seconds(15), self.failure))
    }

    @Test func newsOfAnOldConnectionChangeNothing() {
        var session = self.connected()
        _ = session.lost(epoch: 1, self.failure, now: .seconds(60), jitter: 1)
        _ = session.probed(.discovered(["2026-07-28"]), now: .seconds(60), jitter: 1)
        #expect(session.lost(epoch: 1, self.failure, now: .seconds(61), jitter: 1) == nil)
        #expect(session.link?.epoch == 2)
    }

    @Test func anAnswerReachesItsRequestOnceAndStraysReachNobody() {
        var session = self.connected(.initialized(version: "2025-11-25", sessionID: nil))
        let id = session.began(on: 1)
        let answer = JSONRPCMessage.result(id: id, ["a": 1])
        #expect(session.received(.result(id: .string("\(id)"), [:])) == .ignore)
        #expect(session.received(.error(id: nil, .parseError("x"))) == .ignore)
        #expect(session.received(answer) == .deliver(id, answer))
        #expect(session.received(answer) == .ignore)
        #expect(
            session.received(.request(id: .string("p"), method: "ping", params: nil))
                == .reply(.result(id: .string("p"), [:])))
    }

    @Test func givingUpIsToldWhereClosingTheExchangeDoesNotSayIt() {
        var legacy = self.connected(.initialized(version: "2025-11-25", sessionID: nil))
        let id = legacy.began(on: 1)
        #expect(
            legacy.cancelled(id, reason: "r")
                == .notification(
                    method: "notifications/cancelled", params: ["requestId": id.json, "reason": "r"]))
        #expect(legacy.cancelled(id, reason: "r") == nil)
        #expect(legacy.received(.result(id: id, [:])) == .ignore)
        var stateless = self.connected()
        #expect(stateless.cancelled(stateless.began(on: 1), reason: "r") == nil)
    }

    @Test func whateverHappensIdsStayUniqueAndAClosedSessionStaysClosed() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            var session = MCPSession()
            var ids: Set<RequestID> = []
            var now = Duration.zero
            _ = session.start()
            for _ in 0..<60 {
                now += .milliseconds(Int.random(in: 0...20_000, using: &generator))
                let epoch = session.link?.epoch
                switch Int.random(in: 0..<9, using: &generator) {
                case 0: _ = session.probed(.notSpoken("x"), now: now, jitter: 0.5)
                case 1: _ = session.probed(.discovered(["2026-07-28"]), now: now, jitter: 0.5)
                case 2: _ = session.probed(.initialized(version: "2025-11-25", sessionID: "s"), now: now, jitter: 0.5)
                case 3: _ = session.endpointNamed("http://h/m")
                case 4: _ = session.greeted(version: "2024-11-05", now: now)
                case 5: _ = session.lost(epoch: epoch, self.failure, now: now, jitter: 0.5)
                case 6: _ = session.waited()
                case 7:
                    if let epoch { #expect(ids.insert(session.began(on: epoch)).inserted, "seed \(seed)") }
                default: _ = session.probed(.failed(self.failure), now: now, jitter: 0.5)
                }
                if let epoch, let newer = session.link?.epoch { #expect(newer >= epoch, "seed \(seed)") }
            }
            _ = session.close()
            #expect(session.start() == .stop)
            #expect(session.waited() == .stop)
            #expect(session.probed(.discovered(["2026-07-28"]), now: now, jitter: 0) == .stop)
            #expect(session.state == .closed, "seed \(seed)")
        }
    }
}
