/// Text taken out of a path.
enum PathText {
    /// The decoded text; `nil` for a broken escape and for bytes that are no UTF-8.
    static func decoding(_ encoded: String) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(encoded.utf8.count)
        var iterator = encoded.utf8.makeIterator()
        while let byte = iterator.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = iterator.next().flatMap(Self.digit), let low = iterator.next().flatMap(Self.digit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The text as it stands in a path; slashes stay (RFC 3986, section 3.3).
    static func encoding(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "/"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return encoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// A lesson's name as a caller wrote it, known to be one that a lesson can have.
struct LessonSlug: Hashable, Sendable {
    /// In bytes.
    static let maximumLength = 512

    let text: String

    /// - Throws: the reason why no lesson can have this name.
    init(_ text: String) throws(Fault) {
        guard text.utf8.count <= Self.maximumLength else {
            throw Fault("A slug has at most \(Self.maximumLength) bytes, this one has \(text.utf8.count).")
        }
        if text.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }) {
            throw Fault("A slug holds no control characters.")
        }
        for segment in text.split(separator: "/", omittingEmptySubsequences: false) {
            if segment.isEmpty { throw Fault("A slug is not empty, and no segment between its slashes is.") }
            if segment == "." || segment == ".." { throw Fault("A slug holds no segment of dots.") }
        }
        if text.utf8.contains(UInt8(ascii: "\\")) { throw Fault("A slug holds no backslash.") }
        self.text = text
    }

    struct Fault: Error, Hashable, Sendable {
        /// A sentence that does not repeat the text.
        let reason: String

        init(_ reason: String) {
            self.reason = reason
        }
    }
}
