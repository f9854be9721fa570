import CurlHTTP
import Foundation
import Hummingbird
import Learners
import Logging
import ServerSentEvents
import ServerTesting
import ServiceLifecycle
import Testing

@testable import LearnerAPI

@Suite struct OperationStreamAPITests {
    private static let ask = #"{"lesson_slug":"ch01-one"}"#

    private func operation(_ server: APIServer, _ user: String) async throws -> String {
        let miss = try await server.send("POST", "/api/personalize", user: user, json: Self.ask)
        return try #require(miss["operation", "id"]?.text)
    }

    @Test func `a stream tells how an operation stands and ends when it does`() async throws {
        try await APIFixture.run { fixture, server in
            let user = try await fixture.learner(server)
            let id = try await self.operation(server, user)
            let (status, headers, events, text) = try await server.events(
                "/api/operations/\(id)/events", headers: [("X-User-ID", user)]
            ) { event in
                if event.event == "progress" { _ = try await fixture.finishPersonalizations() }
                return false
            }
            #expect(status == 200)
            #expect(headers.first("content-type") == "text/event-stream")
            #expect(headers.first("cache-control") == "no-store")
            #expect(text.hasPrefix("retry: 3000\n\n"))
            #expect(events.first?.event == "progress" && events.last?.event == "done")
            #expect(events.last?.data.contains(#""result":"/api/personalize/ch01-one""#) == true)
            let last = try #require(events.last?.id)
            // The id alone opens the stream; a client that has it all is told not to come back.
            let again = try await server.send("GET", "/api/operations/\(id)/events", headers: [("Last-Event-ID", last)])
            #expect(again.status == 204)
            let fresh = try await server.events(
                "/api/operations/\(id)/events", headers: [("Last-Event-ID", "rubbish")])
            #expect(fresh.events.map(\.event) == ["done"])
        }
    }

    @Test func `another learner's header opens nothing, and neither does an unknown id`() async throws {
        try await APIFixture.run { fixture, server in
            let user = try await fixture.learner(server)
            let id = try await self.operation(server, user)
            let stranger = try await fixture.learner(server)
            for (path, user) in [
                ("/api/operations/\(id)/events", stranger as String?),
                ("/api/operations/\(UUID().uuidString)/events", nil), ("/api/operations/7/events", nil),
            ] {
                let answer = try await server.send("GET", path, user: user)
                #expect(answer.status == 404)
                #expect(answer["error"]?.text == "unknown_operation")
            }
        }
    }

    @Test func `a stream outlives the request's deadline, and its place is free once the client went`() async throws {
        try await APIFixture.run(adjust: { dependencies, _ in
            dependencies.configuration.maximumStreamsPerLearner = 1
            dependencies.configuration.streamBeat = .milliseconds(50)
        }) { fixture, server in
            let user = try await fixture.learner(server)
            let path = "/api/operations/\(try await self.operation(server, user))/events"
            let (_, _, events, _) = try await server.events(path) { _ in
                let full = try await server.send("GET", path)
                #expect(full.status == 429)
                #expect(full["error"]?.text == "too_many_streams")
                #expect(full.headers.first("Retry-After") != nil)
                return true
            }
            #expect(events.count == 1)
            // The client has left; its place must be free again well before the budget of five minutes.
            #expect(
                try await eventually(within: .seconds(5)) {
                    try await server.events(path) { _ in true }.status == 200
                })
        }
    }

    @Test func `a stream ends at its budget, after comments, and is taken up again`() async throws {
        let time = ManualTime()
        try await APIFixture.run(adjust: { dependencies, _ in
            dependencies.configuration.streamBudget = .seconds(4)
            dependencies.configuration.streamBeat = .seconds(1)
            dependencies.time = time.keeper
        }) { fixture, server in
            let user = try await fixture.learner(server)
            let path = "/api/operations/\(try await self.operation(server, user))/events"
            let first = try await server.events(path)
            #expect(first.events.map(\.event) == ["progress"])
            #expect(first.text.contains("\n: still here\n"))
            _ = try await fixture.finishPersonalizations()
            let second = try await server.events(path, headers: [("Last-Event-ID", first.events[0].id ?? "")])
            #expect(second.events.map(\.event) == ["done"])
            #expect(second.events.last?.id == "2-0-done")
        }
    }

    @Test func `a stream ends at once and in order when the server drains`() async throws {
        try await APIFixture.run { fixture, server in
            let user = try await fixture.learner(server)
            let path = "/api/operations/\(try await self.operation(server, user))/events"
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let router = Router()
            router.add(middleware: RequestBoundary())
            try LearnerAPI(try fixture.dependencies(logger)).addRoutes(to: router)
            let (ports, port) = AsyncStream<Int>.makeStream()
            let application = Application(
                router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
                onServerRunning: { port.yield($0.localAddress?.port ?? 0) }, logger: logger)
            let group = ServiceGroup(services: [application], logger: logger)
            async let life: Void = group.run()
            let leaving = APIServer(port: try #require(await ports.first { _ in true }), log: server.log)
            let started = ContinuousClock.now
            // An answer that broke off would be an error here: the last chunk is missing then.
            let stream = try await leaving.events(path) { _ in
                await group.triggerGracefulShutdown()
                return false
            }
            try await life
            #expect(stream.events.map(\.event) == ["progress"])
            #expect(started.duration(to: .now) < .seconds(20))
        }
    }

    @Test func `a head request opens no stream`() async throws {
        try await APIFixture.run(adjust: { dependencies, _ in
            dependencies.configuration.maximumStreamsPerLearner = 1
        }) { fixture, server in
            let user = try await fixture.learner(server)
            let path = "/api/operations/\(try await self.operation(server, user))/events"
            for _ in 0..<3 {
                let head = try await server.send("HEAD", path)
                #expect(head.status == 200 && head.body.isEmpty)
            }
        }
    }

    @Test func `a long poll is answered when the operation makes progress`() async throws {
        try await APIFixture.run { fixture, server in
            let user = try await fixture.learner(server)
            let path = "/api/operations/\(try await self.operation(server, user))"
            let plain = try await server.send("GET", path, user: user)
            let tag = try #require(plain.headers.first("ETag"))
            #expect(tag.hasPrefix("W/\""))
            #expect(plain["status"]?.text == "queued" && plain["state"]?.text == "queued")
            #expect(plain["progress", "done"] == .number(0))
            #expect(plain["progress", "stage"]?.text == "queued")
            #expect(plain["queue", "position"] == .number(0))
            #expect(plain["links", "events"]?.text == path + "/events")
            #expect(plain["links", "self"]?.text == path)
            let same = try await server.send("GET", path, user: user, headers: [("If-None-Match", tag)])
            #expect(same.status == 304 && same.body.isEmpty)
            #expect(same.headers.first("Retry-After") != nil)

            let started = ContinuousClock.now
            let over = try await server.send("GET", path + "?wait=1", user: user, headers: [("If-None-Match", tag)])
            #expect(over.status == 304)
            #expect(started.duration(to: .now) >= .seconds(1))

            async let waiting = server.send("GET", path + "?wait=30", user: user, headers: [("If-None-Match", tag)])
            try await Task.sleep(for: .milliseconds(100))
            #expect(try await fixture.finishPersonalizations() == 1)
            let done = try await waiting
            #expect(done.status == 200)
            #expect(done["done"] == .bool(true) && done["status"]?.text == "succeeded")
            #expect(done["progress", "stage"]?.text == "finished")
            #expect(done["queue"] == nil)
            #expect(done.headers.first("Retry-After") == nil)
            // Who has an older version, and who asks after the end, does not wait.
            let late = try await server.send(
                "GET", path + "?wait=30", user: user, headers: [("If-None-Match", tag)])
            #expect(late["done"] == .bool(true))
            #expect(started.duration(to: .now) < .seconds(25))
        }
    }

    @Test(arguments: ["", "x", "-1", "1.5", "1e3"])
    func `a wait that is no number of seconds is refused`(wait: String) async throws {
        try await APIFixture.run { fixture, server in
            let user = try await fixture.learner(server)
            let path = "/api/operations/\(try await self.operation(server, user))"
            #expect(try await server.send("GET", path + "?wait=\(wait)", user: user).status == 400)
        }
    }

    @Test func `where as many wait as may, the next is answered at once`() async throws {
        try await APIFixture.run(adjust: { dependencies, _ in dependencies.configuration.maximumLongPolls = 0 }) {
            fixture, server in
            let user = try await fixture.learner(server)
            let path = "/api/operations/\(try await self.operation(server, user))"
            let started = ContinuousClock.now
            #expect(try await server.send("GET", path + "?wait=30", user: user).status == 200)
            #expect(started.duration(to: .now) < .seconds(20))
        }
    }
}
