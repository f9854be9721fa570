/// A well-formed `tracestate`: up to 32 members `key=value`, 512 bytes together (section 3.3 of the recommendation).
///
/// It is passed on as it came, so nothing of it is taken apart.
public struct TraceState: Hashable, Sendable {
    public static let maximumMembers = 32
    public static let maximumBytes = 512

    public let text: String

    /// `nil` for what is malformed, too large, or empty.
    public init?(_ text: String) {
        // Empty members are allowed and mean nothing.
        let members = text.utf8.split(separator: UInt8(ascii: ",")).map(Self.trimmed).filter { !$0.isEmpty }
        let joined = Array(members.joined(separator: [UInt8(ascii: ",")]))
        let keys = members.map { $0.prefix { $0 != UInt8(ascii: "=") } }
        guard !members.isEmpty, members.count <= Self.maximumMembers, joined.count <= Self.maximumBytes,
            members.allSatisfy(Self.isMember), Set(keys).count == keys.count
        else { return nil }
        self.text = String(decoding: joined, as: UTF8.self)
    }

    private static func trimmed(_ member: Substring.UTF8View.SubSequence) -> ArraySlice<UInt8> {
        var member = ArraySlice(Array(member))
        while let first = member.first, Self.isSpace(first) { member = member.dropFirst() }
        while let last = member.last, Self.isSpace(last) { member = member.dropLast() }
        return member
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    private static func isMember(_ member: ArraySlice<UInt8>) -> Bool {
        guard let equals = member.firstIndex(of: UInt8(ascii: "=")) else { return false }
        return self.isKey(member[..<equals]) && self.isValue(member[(equals + 1)...])
    }

    /// `vendor`, or `tenant@vendor`.
    private static func isKey(_ key: ArraySlice<UInt8>) -> Bool {
        let parts = key.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard parts.allSatisfy({ $0.allSatisfy(Self.isPlain) }), let first = parts[0].first else { return false }
        switch parts.count {
        case 1: return self.isLetter(first) && parts[0].count <= 256
        case 2:
            return (self.isLetter(first) || self.isDigit(first)) && parts[0].count <= 241
                && parts[1].first.map(Self.isLetter) == true && parts[1].count <= 14
        default: return false
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    private static func isPlain(_ byte: UInt8) -> Bool {
        self.isLetter(byte) || self.isDigit(byte) || "_-*/".utf8.contains(byte)
    }

    /// Printable ASCII without `,` and `=`, not ending in a space.
    private static func isValue(_ value: ArraySlice<UInt8>) -> Bool {
        (1...256).contains(value.count) && value.last != UInt8(ascii: " ")
            && value.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "=") }
    }
}
