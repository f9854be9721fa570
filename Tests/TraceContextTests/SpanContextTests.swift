import ServerTesting
import Testing
import TraceContext

@Suite struct SpanContextTests {
    private static let example = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    @Test func aTraceparentIsReadAndWrittenAsItCame() throws {
        let span = try #require(SpanContext(traceparent: Self.example))
        #expect(span.traceID.description == "0af7651916cd43dd8448eb211c80319c")
        #expect(span.spanID.description == "b7ad6b7169203331")
        #expect(span.isSampled)
        #expect(span.traceparent == Self.example)
    }

    @Test(arguments: [
        "", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01more",
        "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        " 0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ])
    func aMalformedTraceparentIsRefused(_ header: String) {
        #expect(SpanContext(traceparent: header) == nil)
    }

    @Test func aLaterVersionIsReadAsFarAsItIsKnownAndWrittenAsOurs() throws {
        let span = try #require(
            SpanContext(traceparent: "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff-what-comes"))
        #expect(span.traceparent == Self.example)
    }

    @Test func aChildKeepsTheTraceAndHasANameOfItsOwn() throws {
        var generator = SeededGenerator(seed: 7)
        let state = ["vendor=1, tenant@other=x y", ""]
        let parent = try #require(SpanContext(traceparent: Self.example, state: state))
        let child = parent.child(using: &generator)
        #expect(child.traceID == parent.traceID)
        #expect(child.spanID != parent.spanID)
        #expect(child.isSampled)
        #expect(child.state?.text == "vendor=1,tenant@other=x y")
    }

    @Test(arguments: [
        "novalue", "UPPER=1", "a=1,a=2", "1a=2", "a=b=c", "a=é", "a@b@c=1", "a@=1", "=1", "a=",
        (0..<33).map { "k\($0)=1" }.joined(separator: ","), "k=" + String(repeating: "v", count: 257),
        "a=" + String(repeating: "v", count: 255) + ",b=" + String(repeating: "v", count: 255),
    ])
    func aMalformedStateIsLeftOutAndTheTraceStays(_ state: String) throws {
        let span = try #require(SpanContext(traceparent: Self.example, state: [state]))
        #expect(span.state == nil)
        #expect(span.traceparent == Self.example)
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func whatIsStoredIsReadAgain(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var span = SpanContext.root(isSampled: generator.next() % 2 == 0, using: &generator)
        if generator.next() % 2 == 0 {
            span = try #require(SpanContext(traceparent: span.traceparent, state: ["v=\(generator.next())"]))
        }
        #expect(SpanContext(stored: span.stored) == span, "seed \(seed)")
        #expect(SpanContext(traceparent: span.traceparent)?.traceparent == span.traceparent, "seed \(seed)")
    }

    @Test(arguments: 0..<500 as Range<UInt64>)
    func noBytesBringTheReaderDown(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var bytes = Array(Self.example.utf8)
        for _ in 0..<(1 + generator.below(3)) {
            switch generator.below(3) {
            case 0: bytes[generator.below(bytes.count)] = UInt8(generator.below(256))
            case 1: bytes.remove(at: generator.below(bytes.count))
            default: bytes.insert(UInt8(generator.below(256)), at: generator.below(bytes.count))
            }
        }
        if let span = SpanContext(traceparent: String(decoding: bytes, as: UTF8.self)) {
            #expect(span.traceparent.utf8.count == 55, "seed \(seed)")
        }
    }
}
