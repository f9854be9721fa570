import Foundation
import Hummingbird
import Testing

@testable import LearnerAPI

@Suite struct JSONLiteralsTests {
    private struct Lesson: Codable, Equatable {
        var note: String
        var cached: Bool
        var content: String
    }

    @Test(arguments: [
        "", "plain", "\"quotes\" \\ and \n lines \r\t", "ہ 😀 \u{1} \u{1F} \u{7F} \u{2028}", #""content":"""#, "\u{0}",
    ])
    func anObjectWrittenByMembersReadsAsWhatWentIn(text: String) async throws {
        let literal = try await JSONLiterals().literal(hash: "h") { text }
        var object = JSONObjectText(capacity: 16)
        object.add("note", text)
        object.add("cached", true)
        object.add("content", literal: literal)
        let bytes = Array(buffer: object.finished())
        let read = try JSONDecoder().decode(Lesson.self, from: Data(bytes))
        #expect(read == Lesson(note: text, cached: true, content: text))
    }

    @Test func aTextIsAskedForOnceWhileItsLiteralIsKept() async throws {
        let literals = JSONLiterals(capacity: 1_000)
        var asked = 0
        for _ in 0..<3 {
            let literal = try await literals.literal(hash: "a") {
                asked += 1
                return "text"
            }
            #expect(literal == ByteBuffer(string: #""text""#))
        }
        #expect(asked == 1)
        _ = try await literals.literal(hash: "b") { String(repeating: "x", count: 700) }
        _ = try await literals.literal(hash: "a") {
            asked += 1
            return "text"
        }
        #expect(asked <= 2)
    }

    @Test func aTextThatCannotBeHadIsNotKept() async throws {
        let literals = JSONLiterals()
        await #expect(throws: CancellationError.self) {
            try await literals.literal(hash: "a") { throw CancellationError() }
        }
        #expect(try await literals.literal(hash: "a") { "there" } == ByteBuffer(string: #""there""#))
    }
}
