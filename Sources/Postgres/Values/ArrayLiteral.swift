/// The text form of one-dimensional arrays (PostgreSQL manual, section 8.15).
struct ArrayLiteral {
    private var index = 0
    private var unescaped: [UInt8] = []

    static func text<Element: PostgresArrayElement>(of elements: [Element]) -> String {
        var text = "{"
        text.reserveCapacity(elements.count * 8)
        var isFirst = true
        for element in elements {
            if !isFirst { text.append(",") }
            isFirst = false
            guard let value = element.postgresText else {
                text.append("NULL")
                continue
            }
            if Element.needsQuotesInArray {
                Self.appendQuoted(value, to: &text)
            } else {
                text.append(value)
            }
        }
        text.append("}")
        return text
    }

    private static func appendQuoted(_ value: String, to text: inout String) {
        text.append("\"")
        if value.utf8.contains(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
            for character in value.unicodeScalars {
                if character == "\"" || character == "\\" { text.append("\\") }
                text.unicodeScalars.append(character)
            }
        } else {
            text.append(value)
        }
        text.append("\"")
    }

    mutating func read<Element: PostgresDecodable>(
        _ text: Span<UInt8>
    ) throws(PostgresDecodingFailure) -> [Element] {
        self.skipBounds(text)
        try self.expect(UInt8(ascii: "{"), text)
        var elements: [Element] = []
        if self.peek(text) == UInt8(ascii: "}") {
            self.index += 1
        } else {
            while true {
                elements.append(try self.readElement(text))
                if self.peek(text) != UInt8(ascii: ",") { break }
                self.index += 1
            }
            try self.expect(UInt8(ascii: "}"), text)
        }
        guard self.index == text.count else { throw Self.malformed }
        return elements
    }

    /// Arrays whose index does not start at 1 are written with their bounds, as in `[0:1]={a,b}`.
    private mutating func skipBounds(_ text: Span<UInt8>) {
        guard self.peek(text) == UInt8(ascii: "[") else { return }
        while let byte = self.peek(text), byte != UInt8(ascii: "{") { self.index += 1 }
    }

    private mutating func readElement<Element: PostgresDecodable>(
        _ text: Span<UInt8>
    ) throws(PostgresDecodingFailure) -> Element {
        switch self.peek(text) {
        case UInt8(ascii: "\""):
            try self.unquote(text)
            return try Element.postgresValue(from: self.unescaped.span)
        case UInt8(ascii: "{"):
            throw PostgresDecodingFailure(reason: "the array has more than one dimension")
        default:
            let start = self.index
            while let byte = self.peek(text), byte != UInt8(ascii: ","), byte != UInt8(ascii: "}") { self.index += 1 }
            guard self.index > start else { throw Self.malformed }
            let element = text.extracting(start..<self.index)
            if Self.isNull(element) {
                guard let null = Element.postgresNull else {
                    throw PostgresDecodingFailure(reason: "an element is NULL")
                }
                return null
            }
            return try Element.postgresValue(from: element)
        }
    }

    private mutating func unquote(_ text: Span<UInt8>) throws(PostgresDecodingFailure) {
        self.unescaped.removeAll(keepingCapacity: true)
        self.index += 1
        while let byte = self.peek(text) {
            self.index += 1
            if byte == UInt8(ascii: "\"") { return }
            if byte == UInt8(ascii: "\\") {
                guard let escaped = self.peek(text) else { throw Self.malformed }
                self.index += 1
                self.unescaped.append(escaped)
            } else {
                self.unescaped.append(byte)
            }
        }
        throw Self.malformed
    }

    private func peek(_ text: Span<UInt8>) -> UInt8? {
        self.index < text.count ? text[self.index] : nil
    }

    private mutating func expect(_ byte: UInt8, _ text: Span<UInt8>) throws(PostgresDecodingFailure) {
        guard self.peek(text) == byte else { throw Self.malformed }
        self.index += 1
    }

    /// Unquoted NULL is the null value; the text "NULL" is always quoted by the server.
    private static func isNull(_ element: Span<UInt8>) -> Bool {
        element.count == 4 && element[0] | 0x20 == UInt8(ascii: "n") && element[1] | 0x20 == UInt8(ascii: "u")
            && element[2] | 0x20 == UInt8(ascii: "l") && element[3] | 0x20 == UInt8(ascii: "l")
    }

    private static var malformed: PostgresDecodingFailure { PostgresDecodingFailure(reason: "not an array") }
}
