import Learners

/// Reads one JSON text (RFC 8259) and refuses what lenient readers let through: members named twice, text after the
/// value, deep nesting, U+0000, lone surrogates, numbers beyond a double.
struct StrictJSONReader {
    private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

    private let bytes: [UInt8]
    private let maximumDepth: Int
    private var position = 0
    private var pointer = JSONPointer()

    /// Reads the whole of `bytes` as one value.
    static func read(_ bytes: [UInt8], maximumDepth: Int = 64) throws(JSONFault) -> ProfileValue {
        if String(validating: bytes, as: UTF8.self) == nil {
            throw JSONFault(.notUTF8, "The body is not UTF-8", at: Self.firstInvalidByte(of: bytes), in: bytes)
        }
        var reader = StrictJSONReader(bytes: bytes, maximumDepth: maximumDepth)
        reader.skipBlanks()
        let value = try reader.value(depth: 0)
        reader.skipBlanks()
        guard reader.position == bytes.count else { throw reader.fault(.syntax, "Unexpected text after the value") }
        return value
    }

    private init(bytes: [UInt8], maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    private static func firstInvalidByte(of bytes: [UInt8]) -> Int {
        var parser = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var offset = 0
        while true {
            switch parser.parseScalar(from: &iterator) {
            case .valid(let encoded): offset += encoded.count
            case .error, .emptyInput: return offset
            }
        }
    }

    private func fault(_ code: JSONFault.Code, _ message: String, at offset: Int? = nil) -> JSONFault {
        JSONFault(code, message, at: offset ?? self.position, in: self.bytes, pointer: self.pointer)
    }

    private var current: UInt8? { self.position < self.bytes.count ? self.bytes[self.position] : nil }

    private mutating func skipBlanks() {
        while let byte = self.current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            self.position += 1
        }
    }

    private mutating func value(depth: Int) throws(JSONFault) -> ProfileValue {
        switch self.current {
        case UInt8(ascii: "{"): return try self.object(depth: depth + 1)
        case UInt8(ascii: "["): return try self.array(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try self.string())
        case let byte? where byte == UInt8(ascii: "-") || Self.digits.contains(byte): return .number(try self.number())
        case UInt8(ascii: "t"): return try self.word("true", .bool(true))
        case UInt8(ascii: "f"): return try self.word("false", .bool(false))
        case UInt8(ascii: "n"): return try self.word("null", .null)
        case nil: throw self.fault(.syntax, "The body ends where a value is expected")
        default: throw self.fault(.syntax, "Expected a value")
        }
    }

    private mutating func word(_ word: String, _ value: ProfileValue) throws(JSONFault) -> ProfileValue {
        guard self.bytes[self.position...].starts(with: word.utf8) else {
            throw self.fault(.syntax, "Expected a value")
        }
        self.position += word.utf8.count
        return value
    }

    private mutating func object(depth: Int) throws(JSONFault) -> ProfileValue {
        try self.checkDepth(depth)
        self.position += 1
        var members: [String: ProfileValue] = [:]
        self.skipBlanks()
        if self.take("}") { return .object(members) }
        while true {
            let start = self.position
            guard self.current == UInt8(ascii: "\"") else {
                throw self.fault(.syntax, "Expected a member's name in double quotes")
            }
            let name = try self.string()
            self.pointer.steps.append(.member(name))
            if members[name] != nil { throw self.fault(.duplicateKey, "A member is named twice", at: start) }
            self.skipBlanks()
            guard self.take(":") else { throw self.fault(.syntax, "Expected a colon after a member's name") }
            self.skipBlanks()
            members[name] = try self.value(depth: depth)
            self.pointer.steps.removeLast()
            self.skipBlanks()
            if self.take("}") { return .object(members) }
            guard self.take(",") else { throw self.fault(.syntax, "Expected a comma or the end of the object") }
            self.skipBlanks()
        }
    }

    private mutating func array(depth: Int) throws(JSONFault) -> ProfileValue {
        try self.checkDepth(depth)
        self.position += 1
        var elements: [ProfileValue] = []
        self.skipBlanks()
        if self.take("]") { return .array(elements) }
        while true {
            self.pointer.steps.append(.element(elements.count))
            elements.append(try self.value(depth: depth))
            self.pointer.steps.removeLast()
            self.skipBlanks()
            if self.take("]") { return .array(elements) }
            guard self.take(",") else { throw self.fault(.syntax, "Expected a comma or the end of the array") }
            self.skipBlanks()
        }
    }

    private func checkDepth(_ depth: Int) throws(JSONFault) {
        guard depth <= self.maximumDepth else {
            throw self.fault(.tooDeep, "Values are nested more than \(self.maximumDepth) deep")
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard self.current == UInt8(ascii: character) else { return false }
        self.position += 1
        return true
    }
}

extension StrictJSONReader {
    private mutating func number() throws(JSONFault) -> Double {
        let start = self.position
        _ = self.take("-")
        if !self.take("0") { try self.digits() }
        if self.take(".") { try self.digits() }
        if self.take("e") || self.take("E") {
            if !self.take("+") { _ = self.take("-") }
            try self.digits()
        }
        let text = String(decoding: self.bytes[start..<self.position], as: UTF8.self)
        guard let value = Double(text), value.isFinite else {
            throw self.fault(.numberOutOfRange, "A number is out of range", at: start)
        }
        return value
    }

    private mutating func digits() throws(JSONFault) {
        let start = self.position
        while let byte = self.current, Self.digits.contains(byte) { self.position += 1 }
        guard self.position > start else { throw self.fault(.syntax, "Expected a digit") }
    }

    private mutating func string() throws(JSONFault) -> String {
        self.position += 1
        var text = ""
        while true {
            let start = self.position
            while let byte = self.current, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
                self.position += 1
            }
            text += String(decoding: self.bytes[start..<self.position], as: UTF8.self)
            switch self.current {
            case UInt8(ascii: "\""):
                self.position += 1
                return text
            case UInt8(ascii: "\\"):
                text.unicodeScalars.append(try self.escape())
            case nil:
                throw self.fault(.syntax, "The body ends within a string")
            default:
                throw self.fault(.syntax, "A control character stands in a string unescaped")
            }
        }
    }

    private mutating func escape() throws(JSONFault) -> Unicode.Scalar {
        let start = self.position
        self.position += 1
        defer { self.position += 1 }
        switch self.current {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try self.unicodeEscape(from: start)
        default: throw self.fault(.syntax, "Unknown escape in a string", at: start)
        }
    }

    /// Reads from the `u` to the last hexadecimal digit, which stays the current byte.
    private mutating func unicodeEscape(from start: Int) throws(JSONFault) -> Unicode.Scalar {
        let high = try self.hexDigits(escapeStart: start)
        if high == 0 { throw self.fault(.nulCharacter, "The character U+0000 is not accepted", at: start) }
        if let scalar = Unicode.Scalar(high) { return scalar }
        let lone = self.fault(.syntax, "A surrogate stands alone in a string", at: start)
        guard (0xD800...0xDBFF).contains(high), self.bytes[(self.position + 1)...].starts(with: "\\u".utf8) else {
            throw lone
        }
        self.position += 2
        let low = try self.hexDigits(escapeStart: start)
        guard (0xDC00...0xDFFF).contains(low) else { throw lone }
        guard let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)) else { throw lone }
        return scalar
    }

    private mutating func hexDigits(escapeStart: Int) throws(JSONFault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            self.position += 1
            guard let byte = self.current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw self.fault(.syntax, "Expected four hexadecimal digits", at: escapeStart)
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }
}
