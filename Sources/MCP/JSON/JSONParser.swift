/// Why a text is no acceptable JSON.
public struct JSONParsingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was wrong.
    public let message: String
    /// Byte offset of the place.
    public let offset: Int

    public var description: String { "\(self.message) at byte \(self.offset)" }
}

extension JSONValue {
    /// Reads strict JSON (RFC 8259) in UTF-8.
    ///
    /// `maximumDepth` bounds the nesting, so that a hostile text cannot exhaust the stack.
    public init(parsing bytes: some Sequence<UInt8>, maximumDepth: Int = 96) throws(JSONParsingError) {
        let parsed: Result<JSONValue, JSONParsingError>? = bytes.withContiguousStorageIfAvailable { buffer in
            Result { () throws(JSONParsingError) in
                var parser = JSONParser(bytes: buffer, maximumDepth: maximumDepth)
                return try parser.parseDocument()
            }
        }
        guard let parsed else {
            self = try JSONValue(parsing: Array(bytes), maximumDepth: maximumDepth)
            return
        }
        self = try parsed.get()
    }

    /// Reads strict JSON from text.
    public init(parsing text: String, maximumDepth: Int = 96) throws(JSONParsingError) {
        self = try JSONValue(parsing: Array(text.utf8), maximumDepth: maximumDepth)
    }
}

/// A recursive-descent reader over borrowed bytes.
private struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    let maximumDepth: Int
    var position = 0

    init(bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    mutating func parseDocument() throws(JSONParsingError) -> JSONValue {
        let value = try self.parseValue(depth: 0)
        self.skipSpace()
        guard self.position == self.bytes.count else { throw self.error("more than one value") }
        return value
    }

    private func error(_ message: String) -> JSONParsingError {
        JSONParsingError(message: message, offset: self.position)
    }

    private func peek() -> UInt8? {
        self.position < self.bytes.count ? self.bytes[self.position] : nil
    }

    private mutating func skipSpace() {
        while let byte = self.peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            self.position += 1
        }
    }

    private mutating func parseValue(depth: Int) throws(JSONParsingError) -> JSONValue {
        guard depth <= self.maximumDepth else { throw self.error("nested too deeply") }
        self.skipSpace()
        switch self.peek() {
        case nil: throw self.error("a value is missing")
        case UInt8(ascii: "{"): return try self.parseObject(depth: depth)
        case UInt8(ascii: "["): return try self.parseArray(depth: depth)
        case UInt8(ascii: "\""): return .string(try self.parseString())
        case UInt8(ascii: "t"): return try self.parseWord("true", .bool(true))
        case UInt8(ascii: "f"): return try self.parseWord("false", .bool(false))
        case UInt8(ascii: "n"): return try self.parseWord("null", .null)
        default: return try self.parseNumber()
        }
    }

    private mutating func parseWord(_ word: StaticString, _ value: JSONValue) throws(JSONParsingError) -> JSONValue {
        let end = self.position + word.utf8CodeUnitCount
        guard end <= self.bytes.count else { throw self.error("an unknown word") }
        for index in 0..<word.utf8CodeUnitCount where self.bytes[self.position + index] != word.utf8Start[index] {
            throw self.error("an unknown word")
        }
        self.position = end
        return value
    }

    private mutating func parseObject(depth: Int) throws(JSONParsingError) -> JSONValue {
        self.position += 1
        var members: [String: JSONValue] = [:]
        self.skipSpace()
        if self.peek() == UInt8(ascii: "}") {
            self.position += 1
            return .object(members)
        }
        while true {
            self.skipSpace()
            guard self.peek() == UInt8(ascii: "\"") else { throw self.error("a member name is missing") }
            let name = try self.parseString()
            self.skipSpace()
            guard self.peek() == UInt8(ascii: ":") else { throw self.error("a colon is missing") }
            self.position += 1
            members[name] = try self.parseValue(depth: depth + 1)
            self.skipSpace()
            guard let separator = self.peek() else { throw self.error("an object does not end") }
            self.position += 1
            if separator == UInt8(ascii: "}") { return .object(members) }
            guard separator == UInt8(ascii: ",") else { throw self.error("a comma is missing") }
        }
    }

    private mutating func parseArray(depth: Int) throws(JSONParsingError) -> JSONValue {
        self.position += 1
        var elements: [JSONValue] = []
        self.skipSpace()
        if self.peek() == UInt8(ascii: "]") {
            self.position += 1
            return .array(elements)
        }
        while true {
            elements.append(try self.parseValue(depth: depth + 1))
            self.skipSpace()
            guard let separator = self.peek() else { throw self.error("an array does not end") }
            self.position += 1
            if separator == UInt8(ascii: "]") { return .array(elements) }
            guard separator == UInt8(ascii: ",") else { throw self.error("a comma is missing") }
        }
    }

    private mutating func parseString() throws(JSONParsingError) -> String {
        self.position += 1
        let start = self.position
        while let byte = self.peek() {
            if byte == UInt8(ascii: "\"") {
                let text = try self.text(start..<self.position)
                self.position += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try self.parseEscapedString(from: start) }
            guard byte >= 0x20 else { throw self.error("a control character in a string") }
            self.position += 1
        }
        throw self.error("a string does not end")
    }

    private func text(_ range: Range<Int>) throws(JSONParsingError) -> String {
        guard let text = String(validating: UnsafeBufferPointer(rebasing: self.bytes[range]), as: UTF8.self) else {
            throw JSONParsingError(message: "a string that is not UTF-8", offset: range.lowerBound)
        }
        return text
    }

    /// The rest of a string in which the first backslash was found; `start` is the string's first byte.
    private mutating func parseEscapedString(from start: Int) throws(JSONParsingError) -> String {
        var scratch = Array(self.bytes[start..<self.position])
        while let byte = self.peek() {
            self.position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: scratch, as: UTF8.self) else {
                    throw JSONParsingError(message: "a string that is not UTF-8", offset: start)
                }
                return text
            case UInt8(ascii: "\\"):
                try self.parseEscape(into: &scratch)
            case 0..<0x20:
                throw self.error("a control character in a string")
            default:
                scratch.append(byte)
            }
        }
        throw self.error("a string does not end")
    }

    private mutating func parseEscape(into scratch: inout [UInt8]) throws(JSONParsingError) {
        guard let byte = self.peek() else { throw self.error("a string does not end") }
        self.position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): scratch.append(byte)
        case UInt8(ascii: "b"): scratch.append(0x08)
        case UInt8(ascii: "f"): scratch.append(0x0C)
        case UInt8(ascii: "n"): scratch.append(0x0A)
        case UInt8(ascii: "r"): scratch.append(0x0D)
        case UInt8(ascii: "t"): scratch.append(0x09)
        case UInt8(ascii: "u"):
            scratch.append(contentsOf: String(Character(try self.parseUnicodeEscape())).utf8)
        default: throw self.error("an unknown escape")
        }
    }

    private mutating func parseUnicodeEscape() throws(JSONParsingError) -> Unicode.Scalar {
        let first = try self.parseHexUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800..<0xDC00).contains(first), self.peek() == UInt8(ascii: "\\") else {
            throw self.error("half of a surrogate pair")
        }
        self.position += 1
        guard self.peek() == UInt8(ascii: "u") else { throw self.error("half of a surrogate pair") }
        self.position += 1
        let second = try self.parseHexUnit()
        guard (0xDC00..<0xE000).contains(second) else { throw self.error("half of a surrogate pair") }
        let value = 0x10000 + (UInt32(first - 0xD800) << 10) + UInt32(second - 0xDC00)
        guard let scalar = Unicode.Scalar(value) else { throw self.error("half of a surrogate pair") }
        return scalar
    }

    private mutating func parseHexUnit() throws(JSONParsingError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = self.peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw self.error("four hexadecimal digits are missing")
            }
            unit = unit << 4 | UInt16(digit)
            self.position += 1
        }
        return unit
    }
}

extension JSONParser {
    private mutating func parseNumber() throws(JSONParsingError) -> JSONValue {
        let start = self.position
        let isNegative = self.peek() == UInt8(ascii: "-")
        if isNegative { self.position += 1 }
        var mantissa: UInt64 = 0
        var digits = 0
        let integerStart = self.position
        self.readDigits(&mantissa, &digits)
        let integerDigits = self.position - integerStart
        guard integerDigits > 0 else { throw JSONParsingError(message: "an unexpected character", offset: start) }
        if integerDigits > 1, self.bytes[integerStart] == UInt8(ascii: "0") {
            throw JSONParsingError(message: "a number with a leading zero", offset: start)
        }
        var exponent = 0
        var isWhole = true
        if self.peek() == UInt8(ascii: ".") {
            isWhole = false
            self.position += 1
            let fractionStart = self.position
            self.readDigits(&mantissa, &digits)
            guard self.position > fractionStart else { throw self.error("digits are missing") }
            exponent -= self.position - fractionStart
        }
        if let byte = self.peek(), byte | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            self.position += 1
            exponent += try self.parseExponent()
        }
        if isWhole, digits <= 18, !(isNegative && mantissa == 0) {
            return .integer(isNegative ? -Int64(mantissa) : Int64(mantissa))
        }
        return try self.number(start..<self.position, mantissa, digits, exponent, isNegative, isWhole)
    }

    /// Reads digits into `mantissa` as long as they certainly fit.
    private mutating func readDigits(_ mantissa: inout UInt64, _ digits: inout Int) {
        while let byte = self.peek(), byte &- 0x30 < 10 {
            digits += 1
            if digits <= 18 { mantissa = mantissa * 10 + UInt64(byte &- 0x30) }
            self.position += 1
        }
    }

    private mutating func parseExponent() throws(JSONParsingError) -> Int {
        var isNegative = false
        if let byte = self.peek(), byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") {
            isNegative = byte == UInt8(ascii: "-")
            self.position += 1
        }
        let start = self.position
        var exponent = 0
        while let byte = self.peek(), byte &- 0x30 < 10 {
            exponent = min(exponent * 10 + Int(byte &- 0x30), 100_000)
            self.position += 1
        }
        guard self.position > start else { throw self.error("digits are missing") }
        return isNegative ? -exponent : exponent
    }

    private func number(
        _ range: Range<Int>, _ mantissa: UInt64, _ digits: Int, _ exponent: Int, _ isNegative: Bool, _ isWhole: Bool
    ) throws(JSONParsingError) -> JSONValue {
        // Exact in binary: a mantissa below 2^53 times or over a power of ten up to 10^22.
        if digits <= 18, mantissa < 1 << 53, abs(exponent) <= 22 {
            let scale = powersOfTen[abs(exponent)]
            let value = exponent < 0 ? Double(mantissa) / scale : Double(mantissa) * scale
            return .number(isNegative ? -value : value)
        }
        let text = String(decoding: UnsafeBufferPointer(rebasing: self.bytes[range]), as: UTF8.self)
        if isWhole, let integer = Int64(text), integer != 0 { return .integer(integer) }
        guard let value = Double(text), value.isFinite else {
            throw JSONParsingError(message: "a number out of range", offset: range.lowerBound)
        }
        return .number(value)
    }
}

private let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
]
