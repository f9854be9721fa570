/// The header fields of an answer in the order they came; names compare without regard to case.
public struct HTTPClientHeaders: Sendable, Sequence {
    private var fields: [(name: String, value: String)]

    public init(_ fields: [(name: String, value: String)] = []) {
        self.fields = fields
    }

    /// The value of the first field of that name.
    public func first(_ name: String) -> String? {
        self.fields.first { Self.areEqual($0.name, name) }?.value
    }

    /// The values of all fields of that name.
    public func all(_ name: String) -> [String] {
        self.fields.filter { Self.areEqual($0.name, name) }.map(\.value)
    }

    public func makeIterator() -> IndexingIterator<[(name: String, value: String)]> {
        self.fields.makeIterator()
    }

    mutating func append(name: String, value: String) {
        self.fields.append((name, value))
    }

    static func areEqual(_ first: String, _ second: String) -> Bool {
        first.utf8.count == second.utf8.count
            && zip(first.utf8, second.utf8).allSatisfy { self.lowercased($0) == self.lowercased($1) }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
