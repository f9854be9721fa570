/// Tells, within one block, the words a reader sees from code, link targets, formulas and tags.
struct InlineScan {
    /// As long as the block, offsets kept: everything that is not prose is replaced by spaces.
    private(set) var visible: [UInt8]
    /// Targets of links and images, and bare addresses, in their order.
    private(set) var targets: [String] = []
    /// Names of HTML tags in lower case, in their order; closing tags begin with a slash.
    private(set) var tags: [String] = []

    /// How far a link, a tag or a formula may reach; keeps hostile input linear.
    private static let reach = 2000

    /// Where a closing byte stands next, so that many openings without one cost a single search.
    private var closings: [UInt8: Int] = [:]
    /// Where runs of backticks begin, by their length; found in one pass when the first one is met.
    private var tickRuns: [Int: [Int]]?
    /// The parenthesis that closes each one; found in one pass when the first one is met.
    private var parentheses: [Int: Int]?
    /// The last place whose line was asked for, and where that line begins.
    private var line: (place: Int, start: Int) = (0, 0)

    /// Scans a block's bytes, in which blocks of code were blanked before.
    init(_ block: ArraySlice<UInt8>) {
        self.visible = Array(block)
        let bytes = self.visible
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\\"):
                self.blank(index..<(index + 1))
                index += 2
            case UInt8(ascii: "`"):
                index = self.codeSpan(bytes, at: index)
            case UInt8(ascii: "<"):
                index = self.tag(bytes, at: index)
            case UInt8(ascii: "["):
                self.blank(index..<(index + 1))
                index += 1
            case UInt8(ascii: "!") where bytes.starts("![", at: index):
                self.blank(index..<(index + 1))
                index += 1
            case UInt8(ascii: "]"):
                index = self.target(bytes, at: index)
            case UInt8(ascii: "$"):
                index = self.formula(bytes, at: index)
            case UInt8(ascii: "h") where bytes.starts("http://", at: index) || bytes.starts("https://", at: index):
                index = self.address(bytes, at: index)
            default:
                index += 1
            }
        }
    }

    private mutating func blank(_ range: Range<Int>) {
        for index in range where !self.visible[index].isLineEnd {
            self.visible[index] = UInt8(ascii: " ")
        }
    }

    private mutating func next(_ byte: UInt8, in bytes: [UInt8], from start: Int) -> Int {
        if let known = self.closings[byte], known >= start { return known }
        let found = bytes[start...].firstIndex(of: byte) ?? bytes.count
        self.closings[byte] = found
        return found
    }

    private mutating func codeSpan(_ bytes: [UInt8], at start: Int) -> Int {
        let length = bytes.run(of: UInt8(ascii: "`"), at: start)
        let runs = self.tickRuns ?? Self.tickRuns(of: bytes)
        self.tickRuns = runs
        let places = runs[length] ?? []
        var low = 0
        var high = places.count
        while low < high {
            let middle = (low + high) / 2
            if places[middle] < start + length { low = middle + 1 } else { high = middle }
        }
        guard low < places.count else { return start + length }
        self.blank(start..<(places[low] + length))
        return places[low] + length
    }

    private static func tickRuns(of bytes: [UInt8]) -> [Int: [Int]] {
        var runs: [Int: [Int]] = [:]
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "`") else {
                index += 1
                continue
            }
            let length = bytes.run(of: UInt8(ascii: "`"), at: index)
            runs[length, default: []].append(index)
            index += length
        }
        return runs
    }

    private mutating func tag(_ bytes: [UInt8], at start: Int) -> Int {
        let limit = min(bytes.count, start + Self.reach)
        guard start + 1 < limit, let first = Optional(bytes[start + 1]),
            first.isASCIILetter || first == UInt8(ascii: "/") || first == UInt8(ascii: "!")
                || first == UInt8(ascii: "?"),
            case let end = self.next(UInt8(ascii: ">"), in: bytes, from: start), end < limit
        else { return start + 1 }
        let inner = String(decoding: bytes[(start + 1)..<end], as: UTF8.self)
        if inner.hasPrefix("http://") || inner.hasPrefix("https://") || inner.hasPrefix("mailto:") {
            self.targets.append(inner)
        } else {
            let isClosing = inner.hasPrefix("/")
            let name = (isClosing ? inner.dropFirst() : inner[...]).prefix { $0.isLetter || $0.isNumber || $0 == "-" }
            self.tags.append((isClosing ? "/" : "") + name.lowercased())
        }
        self.blank(start..<(end + 1))
        return end + 1
    }

    private mutating func target(_ bytes: [UInt8], at start: Int) -> Int {
        self.blank(start..<(start + 1))
        guard start + 1 < bytes.count else { return start + 1 }
        switch bytes[start + 1] {
        case UInt8(ascii: "("): return self.inlineTarget(bytes, at: start)
        case UInt8(ascii: ":"): return self.definition(bytes, at: start)
        default: return start + 1
        }
    }

    private mutating func inlineTarget(_ bytes: [UInt8], at start: Int) -> Int {
        let parentheses = self.parentheses ?? Self.parentheses(of: bytes)
        self.parentheses = parentheses
        guard let end = parentheses[start + 1], end < start + Self.reach else { return start + 1 }
        self.targets.append(Self.destination(bytes[(start + 2)..<end]))
        self.blank(start..<(end + 1))
        return end + 1
    }

    private static func parentheses(of bytes: [UInt8]) -> [Int: Int] {
        var pairs: [Int: Int] = [:]
        var open: [Int] = []
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\\"): index += 1
            case UInt8(ascii: "("): open.append(index)
            case UInt8(ascii: ")"): if let start = open.popLast() { pairs[start] = index }
            default: break
            }
            index += 1
        }
        return pairs
    }

    /// A link reference definition, `[label]: target`, which fills its line.
    private mutating func definition(_ bytes: [UInt8], at start: Int) -> Int {
        let lineStart = bytes[self.line.place..<start].lastIndex(where: \.isLineEnd).map { $0 + 1 } ?? self.line.start
        self.line = (start, lineStart)
        let head = bytes[lineStart..<start].drop { $0 == UInt8(ascii: " ") }
        guard head.first == UInt8(ascii: "["), head.dropFirst().first != UInt8(ascii: "^") else { return start + 1 }
        let lineEnd = bytes[start...].firstIndex(where: \.isLineEnd) ?? bytes.count
        self.targets.append(Self.destination(bytes[(start + 2)..<lineEnd]))
        self.blank(start..<lineEnd)
        return lineEnd
    }

    /// The destination without its title and angle brackets.
    private static func destination(_ bytes: ArraySlice<UInt8>) -> String {
        let trimmed = bytes.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0.isLineEnd }
        if trimmed.first == UInt8(ascii: "<"), let close = trimmed.firstIndex(of: UInt8(ascii: ">")) {
            return String(decoding: trimmed[(trimmed.startIndex + 1)..<close], as: UTF8.self)
        }
        let end = trimmed.firstIndex { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0.isLineEnd }
        return String(decoding: trimmed[..<(end ?? trimmed.endIndex)], as: UTF8.self)
    }

    /// A formula between single dollars; "$16k and $20k" is none, since a space stands before the second dollar.
    private mutating func formula(_ bytes: [UInt8], at start: Int) -> Int {
        let limit = min(bytes.count, start + Self.reach)
        guard start + 1 < limit, bytes[start + 1] > UInt8(ascii: " "), bytes[start + 1] != UInt8(ascii: "$"),
            case let end = self.next(UInt8(ascii: "$"), in: bytes, from: start + 1), end < limit,
            bytes[end - 1] > UInt8(ascii: " "), end + 1 >= bytes.count || !bytes[end + 1].isASCIIDigit
        else { return start + 1 }
        self.blank(start..<(end + 1))
        return end + 1
    }

    private mutating func address(_ bytes: [UInt8], at start: Int) -> Int {
        let stop: Set<UInt8> = Set("<>()[]\"`|".utf8)
        var end = bytes[start...].firstIndex { $0 <= UInt8(ascii: " ") || stop.contains($0) } ?? bytes.count
        let trailing: Set<UInt8> = Set(".,;:!?'*_~".utf8)
        while end > start, trailing.contains(bytes[end - 1]) { end -= 1 }
        self.targets.append(String(decoding: bytes[start..<end], as: UTF8.self))
        self.blank(start..<end)
        return max(end, start + 1)
    }
}

extension [UInt8] {
    /// Whether an ASCII text stands at the offset.
    func starts(_ text: StaticString, at offset: Int) -> Bool {
        guard offset + text.utf8CodeUnitCount <= self.count else { return false }
        return text.withUTF8Buffer { buffer in
            for index in 0..<buffer.count where self[offset + index] != buffer[index] { return false }
            return true
        }
    }

    /// How often the byte stands in a row from the offset on.
    func run(of byte: UInt8, at offset: Int) -> Int {
        (self[offset...].firstIndex { $0 != byte } ?? self.count) - offset
    }
}

extension UInt8 {
    var isLineEnd: Bool { self == 0x0A || self == 0x0D }
    var isASCIIDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    var isASCIILetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20) }
}
