import ServerTesting
import Testing

@testable import LearnerAPI

@Suite struct EventCursorTests {
    @Test func `a cursor reads its own text, whatever was delivered`() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<500 {
            var cursor = EventCursor()
            cursor.count = random.below(1_000_000)
            cursor.isDone = random.below(2) == 0
            let highest = [1, 4, 5, 64, 1_024][random.below(5)]
            for _ in 0..<random.below(20) { cursor.deliver(random.below(highest)) }
            #expect(EventCursor(cursor.text) == cursor)
        }
    }

    @Test func `the text is short and says what it means`() {
        var cursor = EventCursor()
        #expect(cursor.text == "0-0")
        cursor.count = 3
        for ordinal in [0, 1, 3] { cursor.deliver(ordinal) }
        #expect(cursor.text == "3-b")
        cursor.deliver(4)
        cursor.isDone = true
        #expect(cursor.text == "3-1b-done")
        cursor.deliver(EventCursor.maximumSections)
        cursor.deliver(-1)
        #expect(cursor.text == "3-1b-done")
    }

    @Test(arguments: [
        nil, "", "3", "3-", "-b", "3-B", "3-g", "x-b", "3-b-", "3-b-over", "3-b-done-", "3 -b", "3-b\n", "+3-b",
        "1234567890-b", "3-é", "3-" + String(repeating: "f", count: 257), String(repeating: "1", count: 100_000),
    ])
    func `what no server of ours has written means the beginning`(text: String?) {
        #expect(EventCursor(text) == EventCursor())
    }
}
