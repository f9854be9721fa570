import ServerSentEvents
import ServerTesting
import Testing

@Suite struct ServerSentEventParserTests {
    private func parse(_ text: String) throws -> [ServerSentEvent] {
        var parser = ServerSentEventParser()
        return try parser.consume(text.utf8)
    }

    @Test(
        arguments: [
            ("data: one\n\n", [ServerSentEvent(data: "one")]),
            ("data:one\n\n", [ServerSentEvent(data: "one")]),
            ("data:  one\n\n", [ServerSentEvent(data: " one")]),
            ("data\n\n", [ServerSentEvent(data: "")]),
            ("data: a\ndata: b\n\n", [ServerSentEvent(data: "a\nb")]),
            ("data\ndata\n\n", [ServerSentEvent(data: "\n")]),
            ("data: a\r\ndata: b\r\rdata: c\n\n", [ServerSentEvent(data: "a\nb"), ServerSentEvent(data: "c")]),
            (": comment\n\ndata: a\n\n", [ServerSentEvent(data: "a")]),
            ("event: tick\n\ndata: a\n\n", [ServerSentEvent(data: "a")]),
            ("event: tick\ndata: a\n\n", [ServerSentEvent(event: "tick", data: "a")]),
            ("id: 7\ndata: a\n\n", [ServerSentEvent(id: "7", data: "a")]),
            ("id: 7\0\ndata: a\n\n", [ServerSentEvent(data: "a")]),
            ("retry: 1500\ndata: a\n\n", [ServerSentEvent(data: "a", retry: .milliseconds(1500))]),
            ("retry: 1s\ndata: a\n\n", [ServerSentEvent(data: "a")]),
            ("Data: a\nfoo: b\ndata : c\n\n", []),
            ("data: not ended", []),
            ("data: not ended\n", []),
            ("\u{FEFF}data: a\n\n", [ServerSentEvent(data: "a")]),
            ("data: \u{FEFF}a\n\n\u{FEFF}data: b\n\n", [ServerSentEvent(data: "\u{FEFF}a")]),
            ("data: a:b: c\n\n", [ServerSentEvent(data: "a:b: c")]),
        ])
    func theRulesOfTheSpecificationHold(text: String, events: [ServerSentEvent]) throws {
        #expect(try self.parse(text) == events)
    }

    @Test func theLastIDOutlivesItsEvent() throws {
        var parser = ServerSentEventParser()
        _ = try parser.consume("id: 7\ndata: a\n\nretry: 20\n\ndata: b\n\n".utf8)
        #expect(parser.lastEventID == "7")
        #expect(parser.reconnectionTime == .milliseconds(20))
        _ = try parser.consume("id\ndata: c\n\n".utf8)
        #expect(parser.lastEventID == "")
    }

    @Test func bytesThatAreNotUTF8AreReplaced() throws {
        var parser = ServerSentEventParser()
        #expect(try parser.consume(Array("data: a".utf8) + [0xFF] + Array("b\n\n".utf8)).first?.data == "a\u{FFFD}b")
    }

    /// Text made of what matters to the format, so that every rule meets every cut.
    private func randomStream(_ generator: inout SeededGenerator) -> [UInt8] {
        let pieces = [
            "data", "data:", "data: ", "id: ", "event: ", "retry: 12", ":", " ", "\n", "\r", "\r\n", "\n\n", "x", "é",
            "\0",
            "\u{FEFF}", "bogus: y\n",
        ]
        return (0..<Int.random(in: 0...60, using: &generator)).flatMap { _ in
            Array(pieces[Int.random(in: pieces.indices, using: &generator)].utf8)
        }
    }

    @Test(arguments: 0..<500 as Range<UInt64>)
    func anyChunkingGivesTheSameEvents(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let bytes = self.randomStream(&generator)
        // A small limit, so that events which exceed it are among the cases.
        func outcome(_ chunks: [[UInt8]]) -> (events: [ServerSentEvent], failed: Bool, id: String) {
            var parser = ServerSentEventParser(maximumEventBytes: 40)
            var events: [ServerSentEvent] = []
            do {
                for chunk in chunks { events += try parser.consume(chunk) }
                // A failure behind complete events shows with the next call.
                events += try parser.consume([])
                return (events, false, parser.lastEventID)
            } catch {
                return (events, true, parser.lastEventID)
            }
        }
        let whole = outcome([bytes])
        let single = outcome(bytes.map { [$0] })
        var cut: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(Int.random(in: 1...9, using: &generator))
            cut.append(Array(part))
            rest = rest.dropFirst(part.count)
        }
        let random = outcome(cut)
        #expect(whole == single, "seed \(seed)")
        #expect(whole == random, "seed \(seed)")
    }

    @Test(arguments: 0..<300 as Range<UInt64>)
    func whatIsEncodedIsParsedBack(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let scalars: [Character] = ["a", ":", " ", "\n", "é", "\u{FEFF}", "0"]
        func text(_ allowed: [Character]) -> String {
            String(
                (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                    allowed[Int.random(in: allowed.indices, using: &generator)]
                })
        }
        let singleLine = scalars.filter { $0 != "\n" }
        let events = (0..<3).map { _ in
            ServerSentEvent(
                id: Bool.random(using: &generator) ? text(singleLine) : nil, event: "e" + text(singleLine),
                data: text(scalars), retry: Bool.random(using: &generator) ? .milliseconds(250) : nil)
        }
        #expect(try self.parse(events.map(\.encoded).joined()) == events, "seed \(seed)")
    }

    @Test func noFieldSmugglesInAnother() throws {
        let event = ServerSentEvent(id: "1\ndata: x\0", event: "a\r\n\r\ndata: b", data: "c\r\nd\re")
        #expect(
            try self.parse(event.encoded) == [ServerSentEvent(id: "1data: x", event: "adata: b", data: "c\nd\ne")])
        #expect(
            try self.parse(ServerSentEvent.comment("ping\ndata: x") + "data: y\n\n") == [ServerSentEvent(data: "y")])
    }

    @Test func anEventBeyondTheLimitIsRefusedFromThenOn() throws {
        var parser = ServerSentEventParser(maximumEventBytes: 1000)
        let line = Array("data: \(String(repeating: "x", count: 90))\n".utf8)
        for _ in 0..<10 { #expect(try parser.consume(line).isEmpty) }
        #expect(throws: ServerSentEventError.self) { try parser.consume(line) }
        #expect(throws: ServerSentEventError.self) { try parser.consume("\n\ndata: a\n\n".utf8) }
    }

    @Test func aLineWithoutEndCannotGrowWithoutEnd() throws {
        var parser = ServerSentEventParser(maximumEventBytes: 1000)
        #expect(throws: ServerSentEventError.self) {
            for _ in 0..<100 { _ = try parser.consume(Array(repeating: UInt8(ascii: ":"), count: 100)) }
        }
    }

    @Test func eventsBeforeALargeOneStillArrive() throws {
        var parser = ServerSentEventParser(maximumEventBytes: 10)
        let events = try parser.consume("data: a\n\ndata: \(String(repeating: "x", count: 20))".utf8)
        #expect(events == [ServerSentEvent(data: "a")])
        #expect(throws: ServerSentEventError.self) { try parser.consume([]) }
    }
}
