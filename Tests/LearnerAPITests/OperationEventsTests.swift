import FoundationEssentials
import ServerSentEvents
import ServerTesting
import Synchronization
import Testing

@testable import LearnerAPI
@testable import Personalization

@Suite struct OperationEventsTests {
    /// A client that reads what is sent through the parser that our own clients use.
    private final class Client: Sendable {
        private struct State {
            var parser = ServerSentEventParser()
            var events: [ServerSentEvent] = []
            var beats = 0
        }

        /// The connection breaks before the event with this number.
        private let breaksAt: Int?
        private let state = Mutex(State())

        init(breaksAt: Int? = nil) {
            self.breaksAt = breaksAt
        }

        struct Broken: Error {}

        var events: [ServerSentEvent] { self.state.withLock { $0.events } }
        var beats: Int { self.state.withLock { $0.beats } }
        var lastEventID: String { self.state.withLock { $0.parser.lastEventID } }

        func take(_ event: ServerSentEvent) throws {
            guard self.events.count != self.breaksAt else { throw Broken() }
            try self.state.withLock { $0.events += try $0.parser.consume(Array(event.encoded.utf8)) }
        }

        func beat() {
            self.state.withLock { $0.beats += 1 }
        }

        func data(_ event: ServerSentEvent) throws -> [String: JSONValue] {
            try JSONDecoder().decode([String: JSONValue].self, from: Data(event.data.utf8))
        }
    }

    private enum JSONValue: Decodable, Hashable {
        case text(String)
        case number(Int)
        case flag(Bool)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                self = .flag(flag)
            } else if let number = try? container.decode(Int.self) {
                self = .number(number)
            } else {
                self = .text(try container.decode(String.self))
            }
        }
    }

    private static let id = UUID(uuidString: "6f8b3e0e-2f35-4b52-9f5e-0b9c2f1f0a01") ?? UUID()

    /// Sections get finished one after the other, each after so many looks.
    private final class Script: Sendable {
        let order: [Int]
        let end: OperationProgress
        private let looksPerStep: Int
        private let looks = Mutex(0)

        init(order: [Int], looksPerStep: Int = 2, end: PersonalizationOperation.State = .succeeded) {
            self.order = order
            self.looksPerStep = looksPerStep
            self.end = OperationProgress(
                state: end,
                failure: end == .failed
                    ? .init(code: "model_unreachable", message: "The model is away.", isRetryable: true) : nil)
        }

        var source: OperationEvents.Source {
            OperationEvents.Source(
                progress: { known in
                    let step = self.looks.withLock { looks in
                        looks += 1
                        return looks / self.looksPerStep
                    }
                    var progress = OperationProgress(state: step == 0 ? .queued : .running)
                    if step > self.order.count { progress = self.end }
                    let finished = self.order.prefix(step)
                    progress.total = step == 0 ? nil : self.order.count
                    progress.finished = Set(finished)
                    progress.sections = finished.filter { !known.contains($0) }.map(Self.section)
                    return progress
                },
                operation: {
                    var operation = PersonalizationOperation(
                        id: OperationEventsTests.id, lessonSlug: "a/b c", state: .queued)
                    operation.position = 4
                    operation.eta = .milliseconds(1_500)
                    return operation
                })
        }

        static func section(_ ordinal: Int) -> OperationProgress.Section {
            OperationProgress.Section(
                ordinal: ordinal, heading: ordinal == 0 ? nil : "Part \(ordinal)",
                content: "## Part \(ordinal)\r\n\r\nLine\none: two\n\nid: 7\n", generator: "embedded/test")
        }
    }

    private func run(
        _ script: Script, _ client: Client, from cursor: EventCursor = EventCursor(), time: ManualTime = ManualTime(),
        pace: OperationEvents.Pace = OperationEvents.Pace()
    ) async throws {
        let events = OperationEvents(
            operationID: Self.id, lessonSlug: "a/b c", source: script.source, pace: pace, time: time.keeper)
        try await events.run(from: cursor, send: { try client.take($0) }, beat: { client.beat() })
    }

    @Test func `sections come as they get finished, with the count, and done comes last`() async throws {
        let client = Client()
        try await self.run(Script(order: [2, 0, 1]), client)
        let events = client.events
        #expect(
            events.map(\.event) == [
                "progress", "section", "progress", "section", "progress", "section", "progress", "done",
            ])
        let sections = try events.filter { $0.event == "section" }.map(client.data)
        #expect(sections.map { $0["ordinal"] } == [.number(2), .number(0), .number(1)])
        #expect(sections.map { $0["done"] } == [.number(1), .number(2), .number(3)])
        #expect(sections.allSatisfy { $0["total"] == .number(3) && $0["generator"] == .text("embedded/test") })
        #expect(sections[0]["heading"] == .text("Part 2") && sections[1]["heading"] == nil)
        // Line ends and what looks like fields come through as they are.
        #expect(sections[0]["content"] == .text("## Part 2\r\n\r\nLine\none: two\n\nid: 7\n"))
        let first = try client.data(events[0])
        #expect(first["state"] == .text("queued") && first["done"] == .number(0))
        #expect(first["position"] == .number(4) && first["eta_seconds"] == .number(2))
        let last = try client.data(events[7])
        #expect(last["state"] == .text("succeeded") && last["lesson_slug"] == .text("a/b c"))
        #expect(last["result"] == .text("/api/personalize/a/b%20c"))
        #expect(events.last?.id == "8-7-done")
    }

    @Test func `a failure is named in the last event`() async throws {
        let client = Client()
        try await self.run(Script(order: [0], end: .failed), client)
        let last = try client.data(try #require(client.events.last))
        #expect(client.events.last?.event == "done")
        #expect(last["state"] == .text("failed") && last["error"] == .text("model_unreachable"))
        #expect(last["message"] == .text("The model is away.") && last["retryable"] == .flag(true))
        #expect(last["result"] == nil)
    }

    @Test(arguments: 0..<60)
    func `wherever a stream is cut, what came before and what comes after are complete and without duplicates`(
        seed: UInt64
    ) async throws {
        var random = SeededGenerator(seed: seed)
        let order = Array(0..<random.below(12)).shuffled(using: &random)
        let script = Script(order: order, looksPerStep: 1 + random.below(3))
        var received: [ServerSentEvent] = []
        var cursor = EventCursor()
        var cuts = 0
        // Several cuts, at every distance.
        while received.last?.event != "done" {
            cuts += 1
            let client = Client(breaksAt: cuts > 4 ? nil : random.below(8))
            do {
                try await self.run(script, client, from: cursor)
            } catch is Client.Broken {}
            received += client.events
            if !client.lastEventID.isEmpty { cursor = EventCursor(client.lastEventID) }
        }
        let ordinals = try received.filter { $0.event == "section" }.map { try Client().data($0)["ordinal"] }
        #expect(ordinals == order.map { .number($0) })
        #expect(received.filter { $0.event == "done" }.count == 1)
        let ids = received.map { EventCursor($0.id).count }
        #expect(ids == Array(1...received.count))
    }

    @Test func `every cut point of one stream leads to the same whole`() async throws {
        let order = [1, 3, 0, 2]
        let whole = Client()
        try await self.run(Script(order: order), whole)
        for cut in 0..<whole.events.count {
            let (before, after) = (Client(breaksAt: cut), Client())
            let script = Script(order: order)
            await #expect(throws: Client.Broken.self) { try await self.run(script, before) }
            // Another process, which knows nothing but the id.
            try await self.run(Script(order: order), after, from: EventCursor(before.lastEventID))
            let sections = try (before.events + after.events).filter { $0.event == "section" }
                .map { try Client().data($0)["ordinal"] }
            #expect(sections.count == 4 && Set(sections) == Set(order.map { .number($0) }), "cut at \(cut)")
            #expect(after.events.last?.event == "done")
        }
    }

    @Test func `silence is broken by comments and ends with the budget`() async throws {
        let (client, time) = (Client(), ManualTime())
        var pace = OperationEvents.Pace()
        pace.budget = .seconds(100)
        try await self.run(Script(order: [0], looksPerStep: .max), client, time: time, pace: pace)
        #expect(client.events.map(\.event) == ["progress"])
        #expect(client.beats == 6)
        #expect(time.now >= .seconds(100) && time.now < .seconds(101))
        let pauses = time.pauses.withLock { $0 }
        #expect(pauses[0] < .milliseconds(30) && pauses[0] >= .milliseconds(16))
        #expect(pauses.allSatisfy { $0 <= .milliseconds(240) })
        #expect(pauses.count < 700)
    }

    @Test func `a source that fails ends the stream, and one that is cancelled ends it quietly`() async throws {
        struct Gone: Error {}
        let events = { (pause: @escaping @Sendable () async throws -> Void) in
            OperationEvents(
                operationID: Self.id, lessonSlug: "a",
                source: .init(
                    progress: { _ in
                        try await pause()
                        throw Gone()
                    }, operation: { throw Gone() }), time: ManualTime().keeper)
        }
        await #expect(throws: OperationEvents.SourceFailure.self) {
            try await events({}).run(from: EventCursor(), send: { _ in }, beat: {})
        }
        let running = Task {
            try await events({ while !Task.isCancelled { await Task.yield() } })
                .run(from: EventCursor(), send: { _ in }, beat: {})
        }
        running.cancel()
        try await running.value
    }
}
