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
struct JSONPointer: Hashable, Sendable, CustomStringConvertible {
    enum Step: Hashable, Sendable {
        case member(String)
        case element(Int)
    }

    var steps: [Step] = []

    /// The path through members of these names.
    static func members(_ names: String...) -> JSONPointer {
        JSONPointer(steps: names.map(Step.member))
    }

    func appending(_ name: String) -> JSONPointer {
        JSONPointer(steps: self.steps + [.member(name)])
    }

    /// The names on the way, shortened.
    var names: [String] {
        self.steps.compactMap { step in
            guard case .member(let name) = step else { return nil }
            return Self.shortened(name)
        }
    }

    var description: String {
        self.steps.map { step in
            switch step {
            case .member(let name): "/" + Self.shortened(name).replacing("~", with: "~0").replacing("/", with: "~1")
            case .element(let index): "/\(index)"
            }
        }.joined()
    }

    /// A hostile name of many kilobytes must not come back in full.
    private static func shortened(_ name: String) -> String {
        name.utf8.count > 64 ? String(name.unicodeScalars.prefix(48)) + "…" : name
    }
}
