import JobQueue
import Testing

@Suite struct DurationShorthandTests {
    @Test(arguments: [
        ("500ms", Duration.milliseconds(500)), ("90s", .seconds(90)), ("15m", .seconds(900)),
        ("36h", .seconds(129_600)), ("30d", .seconds(2_592_000)), ("0s", .zero),
    ])
    func isReadAndWrittenAlike(text: String, duration: Duration) {
        #expect(Duration(shorthand: text) == duration)
        #expect(duration.shorthand == text)
    }

    @Test func isWrittenInTheLargestUnitWithoutRest() {
        #expect(Duration.seconds(3_600).shorthand == "1h")
        #expect(Duration.milliseconds(90_500).shorthand == "90500ms")
        #expect(Duration.seconds(-60).shorthand == "-1m")
        #expect(Duration.microseconds(1_999).shorthand == "1ms")
    }

    @Test(arguments: [
        "", "5", "s", "5 s", "-5s", "+5s", "1.5h", "5S", "5min", "1h30m", "٥s", "9223372036854775807d",
        "99999999999999999999s",
    ])
    func nothingElseIsRead(text: String) { #expect(Duration(shorthand: text) == nil) }
}
