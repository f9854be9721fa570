/// Where links lead, as far as one line shows.
enum LinkTargets {
    /// A longer target is cut off; the limit keeps the time linear.
    private static let maximumBytes = 1_024

    /// The targets of `[text](target)`, `![alt](target)` and `[label]: target`, outside code spans.
    static func inline(_ bytes: Bytes, _ line: Range<Int>) -> [String] {
        var targets: [String] = []
        let text = bytes.trimmed(line)
        if BlockStart.isLinkDefinition(bytes, text), let colon = bytes.first("]:", in: text) {
            targets.append(bytes.text(self.word(bytes, (colon + 2)..<text.upperBound, closing: nil).range))
            return targets
        }
        var place = line.lowerBound
        while place < line.upperBound {
            switch bytes[place] {
            case UInt8(ascii: "\\"):
                place += 1
            case UInt8(ascii: "`"):
                let run = BlockStart.run(of: UInt8(ascii: "`"), bytes, place..<line.upperBound)
                place = self.codeSpanEnd(bytes, place + run, line.upperBound, run: run) ?? (place + run - 1)
            case UInt8(ascii: "]") where place + 1 < line.upperBound && bytes[place + 1] == UInt8(ascii: "("):
                let target = self.word(bytes, (place + 2)..<line.upperBound, closing: UInt8(ascii: ")"))
                if target.isClosed { targets.append(bytes.text(target.range)) }
                // Targets hold no links, so the search goes on behind this one.
                place = max(place + 1, target.range.upperBound - 1)
            default:
                break
            }
            place += 1
        }
        return targets
    }

    /// The last byte of a code span's closing run; `nil` if the span is not closed in this line.
    private static func codeSpanEnd(_ bytes: Bytes, _ start: Int, _ end: Int, run: Int) -> Int? {
        var place = start
        while place < end {
            if bytes[place] == UInt8(ascii: "`") {
                let length = BlockStart.run(of: UInt8(ascii: "`"), bytes, place..<end)
                if length == run { return place + length - 1 }
                place += length
            } else {
                place += 1
            }
        }
        return nil
    }

    /// A target's bytes, and whether what must follow it was found.
    private static func word(
        _ bytes: Bytes, _ range: Range<Int>, closing: UInt8?
    ) -> (range: Range<Int>, isClosed: Bool) {
        let range = bytes.trimmed(range.prefix(self.maximumBytes))
        let isBracketed = !range.isEmpty && bytes[range.lowerBound] == UInt8(ascii: "<")
        let start = range.lowerBound + (isBracketed ? 1 : 0)
        var end = start
        var depth = 0
        while end < range.upperBound {
            let byte = bytes[end]
            if isBracketed {
                if byte == UInt8(ascii: ">") { return (start..<end, true) }
            } else {
                // White space may be followed by a title.
                if byte.isTagSpace { return (start..<end, true) }
                if byte == UInt8(ascii: "(") { depth += 1 }
                if byte == closing {
                    if depth == 0 { return (start..<end, true) }
                    depth -= 1
                }
            }
            end += 1
        }
        return (start..<end, false)
    }

    /// A path segment with `%20` and its like resolved.
    static func unescaped(_ segment: some StringProtocol) -> String {
        guard segment.contains("%") else { return String(segment) }
        var bytes: [UInt8] = []
        var rest = Array(segment.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest.removeFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
