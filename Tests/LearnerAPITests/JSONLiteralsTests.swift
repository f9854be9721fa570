import Foundation
import HTTPTypes
import Hummingbird
import Testing

@testable import LearnerAPI

@Suite struct JSONLiteralsTests {
    private struct Lesson: Codable, Equatable {
        var content: String?
        var note: String
        var empty = ""
    }

    private final class Sink: ResponseBodyWriter {
        var bytes: [UInt8] = []
        func write(_ buffer: ByteBuffer) async throws { self.bytes += Array(buffer: buffer) }
        func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }

    @Test(arguments: ["", "plain", "\"quotes\" \\ and \n lines", "ہ 😀 \u{1} \u{2028}", #""content":"""#])
    func anAnswerWithALiteralIsTheOneThatIsEncodedAsAWhole(text: String) async throws {
        let literal = try await JSONLiterals().literal(hash: "h") { text }
        let value = Lesson(note: #"{"content":""}"#)
        let response = try JSONResponse.make(value, adding: "content", literal: literal, headers: [:])
        let sink = Sink()
        try await response.body.write(sink)
        let read = try JSONDecoder().decode(Lesson.self, from: Data(sink.bytes))
        #expect(read == Lesson(content: text, note: value.note))
        #expect(response.headers[.contentType] == "application/json; charset=utf-8")
    }

    @Test func aTextIsAskedForOnceWhileItsLiteralIsKept() async throws {
        let literals = JSONLiterals(capacity: 1_000)
        var asked = 0
        for _ in 0..<3 {
            let literal = try await literals.literal(hash: "a") {
                asked += 1
                return "text"
            }
            #expect(literal == #""text""#)
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
        #expect(try await literals.literal(hash: "a") { "there" } == #""there""#)
    }
}
