/// Why bytes from outside are no acceptable JSON, and where.
struct JSONFault: Error, Hashable, Sendable {
    enum Code: Hashable, Sendable {
        case notUTF8
        case syntax
        /// An object names a member twice, and readers disagree on which one counts (RFC 8259, section 4).
        case duplicateKey
        case tooDeep
        /// U+0000, which no text column of the database can hold.
        case nulCharacter
        case numberOutOfRange
    }

    let code: Code
    /// What is wrong; never repeats the caller's text.
    let message: String
    /// Bytes before the place.
    let offset: Int
    /// From 1.
    let line: Int
    /// In bytes, from 1.
    let column: Int
    /// The value that holds the place, as far as it was read (RFC 6901).
    let pointer: JSONPointer

    init(_ code: Code, _ message: String, at offset: Int, in bytes: [UInt8], pointer: JSONPointer = JSONPointer()) {
        let before = bytes.prefix(offset)
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        self.code = code
        self.message = message
        self.offset = offset
        self.line = before.count { $0 == UInt8(ascii: "\n") } + 1
        self.column = offset - lineStart + 1
        self.pointer = pointer
    }

    /// The message with its place.
    var description: String {
        "\(self.message) at byte \(self.offset) (line \(self.line), column \(self.column))"
    }
}

/// A path into a JSON value (RFC 6901).
struct JSONPointer: Hashable, Sendable {
    enum Step: Hashable, Sendable {
        case member(String)
        case element(Int)
    }

    var steps: [Step] = []

    /// The first member's name, which is the field of a flat body.
    var field: String? {
        guard case .member(let name) = self.steps.first else { return nil }
        return name
    }

    /// The index below the first member, where there is one.
    var element: Int? {
        guard self.steps.count > 1, case .element(let index) = self.steps[1] else { return nil }
        return index
    }
}
