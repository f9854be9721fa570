/// Builds the head of an answer from the lines that libcurl delivers one by one.
///
/// Interim answers (RFC 9110, section 15.2) are passed over; fields after the body are ignored.
struct ResponseHeadReader {
    private let maximumBytes: Int
    private var bytes = 0
    private var head: HTTPResponseHead?
    private(set) var isComplete = false

    init(maximumBytes: Int) {
        self.maximumBytes = maximumBytes
    }

    enum LineAction {
        case goOn
        case complete(HTTPResponseHead)
        case tooLarge
        case malformed
    }

    /// Takes one line with its line end.
    mutating func received(line: UnsafeBufferPointer<UInt8>) -> LineAction {
        self.bytes += line.count
        guard self.bytes <= self.maximumBytes else { return .tooLarge }
        guard !self.isComplete else { return .goOn }
        var text = line[...]
        while let last = text.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { text = text.dropLast() }
        if text.isEmpty { return self.endHead() }
        if text.starts(with: "HTTP/".utf8), self.head == nil {
            guard let status = Self.status(text) else { return .malformed }
            self.head = HTTPResponseHead(status: status)
            return .goOn
        }
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else { return .goOn }
        self.head?.headers.append(
            name: String(decoding: text[..<colon], as: UTF8.self), value: Self.trimmed(text[(colon + 1)...]))
        return .goOn
    }

    private mutating func endHead() -> LineAction {
        guard let head else { return .malformed }
        guard head.status >= 200 || head.status == 101 else {
            self.head = nil
            return .goOn
        }
        self.isComplete = true
        return .complete(head)
    }

    /// The number after the version: `HTTP/1.1 200 OK`, `HTTP/2 200`.
    private static func status(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        let words = line.split(separator: UInt8(ascii: " "), maxSplits: 2)
        guard words.count >= 2, words[1].count == 3 else { return nil }
        return Int(String(decoding: words[1], as: UTF8.self))
    }

    private static func trimmed(_ value: Slice<UnsafeBufferPointer<UInt8>>) -> String {
        var value = value
        while let first = value.first, first == 0x20 || first == 0x09 { value = value.dropFirst() }
        while let last = value.last, last == 0x20 || last == 0x09 { value = value.dropLast() }
        return String(decoding: value, as: UTF8.self)
    }
}
