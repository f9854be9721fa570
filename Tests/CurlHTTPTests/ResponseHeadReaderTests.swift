import Testing

@testable import CurlHTTP

@Suite struct ResponseHeadReaderTests {
    private func read(_ lines: [String], maximumBytes: Int = 1000) -> (head: HTTPResponseHead?, failure: String?) {
        var reader = ResponseHeadReader(maximumBytes: maximumBytes)
        var head: HTTPResponseHead?
        for line in lines {
            let action = Array("\(line)\r\n".utf8).withUnsafeBufferPointer { reader.received(line: $0) }
            switch action {
            case .goOn: continue
            case .complete(let complete): head = complete
            case .tooLarge: return (nil, "too large")
            case .malformed: return (nil, "malformed")
            }
        }
        return (head, nil)
    }

    @Test(arguments: ["HTTP/1.1 204 No Content", "HTTP/1.0 204", "HTTP/2 204 "])
    func everyVersionHasAStatus(line: String) {
        #expect(self.read([line, ""]).head?.status == 204)
    }

    @Test(arguments: ["HTTP/1.1", "HTTP/1.1 x", "HTTP/1.1 20", "HTTP/1.1 2000 OK"])
    func aBrokenStatusLineIsMalformed(line: String) {
        #expect(self.read([line, ""]).failure == "malformed")
    }

    @Test func valuesLoseTheWhiteSpaceAroundThem() {
        let head = self.read(["HTTP/1.1 200 OK", "A: \t b c \t", "D:e", "no colon", ""]).head
        #expect(head?.headers.first("a") == "b c")
        #expect(head?.headers.first("d") == "e")
    }

    @Test func interimHeadsDoNotCountButTheirBytesDo() {
        let interim = ["HTTP/1.1 100 Continue", "A: b", ""]
        let head = self.read(interim + ["HTTP/1.1 200 OK", "C: d", ""]).head
        #expect(head?.status == 200)
        #expect(head?.headers.first("a") == nil)
        #expect(self.read(Array(repeating: interim, count: 100).flatMap { $0 }).failure == "too large")
    }
}
