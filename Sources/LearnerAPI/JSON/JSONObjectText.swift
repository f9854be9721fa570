import Hummingbird

/// A JSON object that is written member by member: for answers that are given so often that an encoder is felt.
struct JSONObjectText {
    private var buffer = ByteBuffer()

    /// - Parameter capacity: bytes that the object will take, about.
    init(capacity: Int) {
        self.buffer.reserveCapacity(capacity)
        self.buffer.writeStaticString("{")
    }

    /// Adds a member whose value is JSON already.
    mutating func add(_ name: StaticString, literal: ByteBuffer) {
        self.begin(name)
        self.buffer.writeImmutableBuffer(literal)
    }

    mutating func add(_ name: StaticString, _ flag: Bool) {
        self.begin(name)
        self.buffer.writeStaticString(flag ? "true" : "false")
    }

    mutating func add(_ name: StaticString, _ text: String) {
        self.begin(name)
        Self.write(text, to: &self.buffer)
    }

    /// The whole object.
    consuming func finished() -> ByteBuffer {
        self.buffer.writeStaticString("}")
        return self.buffer
    }

    private mutating func begin(_ name: StaticString) {
        self.buffer.writeStaticString(self.buffer.readableBytes == 1 ? "\"" : ",\"")
        self.buffer.writeStaticString(name)
        self.buffer.writeStaticString("\":")
    }

    /// A text as a string (RFC 8259, section 7), quotation marks included.
    static func write(_ text: String, to buffer: inout ByteBuffer) {
        buffer.writeStaticString("\"")
        var text = text
        text.withUTF8 { bytes in
            var start = 0
            for (index, byte) in bytes.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5C {
                buffer.writeBytes(bytes[start..<index])
                Self.escape(byte, to: &buffer)
                start = index + 1
            }
            buffer.writeBytes(bytes[start...])
        }
        buffer.writeStaticString("\"")
    }

    private static func escape(_ byte: UInt8, to buffer: inout ByteBuffer) {
        switch byte {
        case 0x22: buffer.writeStaticString("\\\"")
        case 0x5C: buffer.writeStaticString("\\\\")
        case 0x0A: buffer.writeStaticString("\\n")
        case 0x0D: buffer.writeStaticString("\\r")
        case 0x09: buffer.writeStaticString("\\t")
        default:
            buffer.writeString("\\u00" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16))
        }
    }
}
