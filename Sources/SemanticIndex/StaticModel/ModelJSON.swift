/// Reads the JSON of a model's files value by value, as bytes.
///
/// A dictionary of strings would not do for a vocabulary: Swift takes strings for equal that Unicode calls equivalent,
/// and a vocabulary may hold both spellings as two tokens (Greek letters with an accent do occur so).
struct ModelJSON {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    private static let maximumDepth = 64

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Reads an object: `body` must consume each member's value.
    mutating func members(
        _ body: (inout ModelJSON, ArraySlice<UInt8>) throws(StaticModelError) -> Void
    ) throws(StaticModelError) {
        try self.list(UInt8(ascii: "{"), UInt8(ascii: "}")) { (json) throws(StaticModelError) in
            let name = try json.string()
            try json.expect(UInt8(ascii: ":"))
            try body(&json, name)
        }
    }

    /// Reads an array: `body` must consume each element.
    mutating func elements(_ body: (inout ModelJSON) throws(StaticModelError) -> Void) throws(StaticModelError) {
        try self.list(UInt8(ascii: "["), UInt8(ascii: "]"), body)
    }

    private mutating func list(
        _ opening: UInt8, _ closing: UInt8, _ body: (inout ModelJSON) throws(StaticModelError) -> Void
    ) throws(StaticModelError) {
        try self.expect(opening)
        self.depth += 1
        guard self.depth <= Self.maximumDepth else { throw self.error("it nests too deeply") }
        defer { self.depth -= 1 }
        if self.next() == closing {
            self.position += 1
            return
        }
        while true {
            try body(&self)
            let separator = self.next()
            guard separator == UInt8(ascii: ",") || separator == closing else {
                throw self.error("a list does not go on as it should")
            }
            self.position += 1
            if separator == closing { return }
        }
    }

    /// Reads a string, without its quotes and escapes.
    mutating func string() throws(StaticModelError) -> ArraySlice<UInt8> {
        try self.expect(UInt8(ascii: "\""))
        let start = self.position
        let end = self.bytes.withUnsafeBufferPointer { bytes in
            var place = start
            while place < bytes.count {
                let byte = bytes[place]
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
                place += 1
            }
            return place
        }
        self.position = end
        guard end < self.bytes.count, self.bytes[end] >= 0x20 else { throw self.error("a string does not end") }
        guard self.bytes[end] == UInt8(ascii: "\\") else {
            self.position += 1
            return self.bytes[start..<end]
        }
        return try self.escaped(after: self.bytes[start..<end])
    }

    private mutating func escaped(after start: ArraySlice<UInt8>) throws(StaticModelError) -> ArraySlice<UInt8> {
        var text = Array(start)
        while self.position < self.bytes.count {
            let byte = self.bytes[self.position]
            guard byte >= 0x20 else { break }
            self.position += 1
            switch byte {
            case UInt8(ascii: "\""): return text[...]
            case UInt8(ascii: "\\"): try self.escape(into: &text)
            default: text.append(byte)
            }
        }
        throw self.error("a string does not end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(StaticModelError) {
        guard self.position < self.bytes.count else { throw self.error("a string does not end") }
        let letter = self.bytes[self.position]
        self.position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = try self.hexadecimal()
            if (0xD800..<0xDC00).contains(code), self.bytes[self.position...].starts(with: [0x5C, 0x75]) {
                self.position += 2
                let low = try self.hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else { throw self.error("half a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw self.error("half a surrogate pair") }
            text += Array(scalar.utf8)
        default: throw self.error("an unknown escape")
        }
    }

    private mutating func hexadecimal() throws(StaticModelError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard self.position < self.bytes.count,
                let digit = Character(Unicode.Scalar(self.bytes[self.position])).hexDigitValue
            else { throw self.error("an unknown escape") }
            code = code << 4 | UInt32(digit)
            self.position += 1
        }
        return code
    }

    /// Reads a whole number that is not negative.
    mutating func number() throws(StaticModelError) -> Int {
        var value = 0
        var digits = 0
        _ = self.next()
        while self.position < self.bytes.count, case let byte = self.bytes[self.position],
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        {
            digits += 1
            guard digits <= 18 else { throw self.error("a number is too large") }
            value = 10 * value + Int(byte - UInt8(ascii: "0"))
            self.position += 1
        }
        guard digits > 0, self.position == self.bytes.count || !".eE".utf8.contains(self.bytes[self.position]) else {
            throw self.error("a whole number was expected")
        }
        return value
    }

    /// Reads the word (`null`, `true`, `false`) if it comes next, and says whether it did.
    mutating func take(_ word: StaticString) -> Bool {
        _ = self.next()
        let end = self.position + word.utf8CodeUnitCount
        guard end <= self.bytes.count else { return false }
        let isNext = word.withUTF8Buffer { self.bytes[self.position..<end].elementsEqual($0) }
        if isNext { self.position = end }
        return isNext
    }

    /// Passes over a value of any kind.
    mutating func skip() throws(StaticModelError) {
        switch self.next() {
        case UInt8(ascii: "{"):
            try self.members { (json, _) throws(StaticModelError) in try json.skip() }
        case UInt8(ascii: "["):
            try self.elements { (json) throws(StaticModelError) in try json.skip() }
        case UInt8(ascii: "\""): _ = try self.string()
        default:
            let start = self.position
            while self.position < self.bytes.count, Self.isWordByte(self.bytes[self.position]) { self.position += 1 }
            guard self.position > start else { throw self.error("a value is missing") }
        }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    /// The next byte that is no space, which is not consumed; 0 at the end.
    mutating func next() -> UInt8 {
        while self.position < self.bytes.count {
            switch self.bytes[self.position] {
            case 0x20, 0x0A, 0x0D, 0x09: self.position += 1
            case let byte: return byte
            }
        }
        return 0
    }

    private mutating func expect(_ byte: UInt8) throws(StaticModelError) {
        guard self.next() == byte else {
            throw self.error("\(Character(Unicode.Scalar(byte))) was expected")
        }
        self.position += 1
    }

    /// Throws unless nothing but space is left.
    mutating func end() throws(StaticModelError) {
        _ = self.next()
        guard self.position == self.bytes.count else { throw self.error("there is more than one value") }
    }

    func error(_ message: String) -> StaticModelError {
        StaticModelError(.malformed, "\(message), at byte \(self.position) of the JSON")
    }
}
