#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An address of the Internet Protocol, version 4 or 6. An IPv4 address inside an IPv6 one is the IPv4 address.
public struct IPAddress: Hashable, Sendable {
    /// 4 or 16 bytes, the most significant first.
    public let bytes: [UInt8]

    /// The address of 4 or 16 bytes; `nil` for any other number.
    public init?(bytes: [UInt8]) {
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        switch bytes.count {
        case 4: self.bytes = bytes
        case 16: self.bytes = bytes.starts(with: mapped) ? Array(bytes[12...]) : bytes
        default: return nil
        }
    }

    /// Reads the usual written forms, an IPv6 address also in brackets; a zone after `%` is left out.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count <= 64 else { return nil }
        var name = text.prefix { $0 != "%" }
        if name.hasPrefix("["), text.hasSuffix("]") { name = name.dropFirst().prefix { $0 != "]" } }
        let form = String(name)
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET6, form, &bytes) == 1 {
            self.init(bytes: bytes)
        } else if inet_pton(AF_INET, form, &bytes) == 1 {
            self.init(bytes: Array(bytes[..<4]))
        } else {
            return nil
        }
    }

    /// This machine itself: 127.0.0.0/8 and ::1.
    public var isLoopback: Bool {
        self.bytes.count == 4 ? self.bytes[0] == 127 : self.bytes == [UInt8](repeating: 0, count: 15) + [1]
    }

    /// Reaches no further than the cable, which is where clouds keep their metadata: 169.254.0.0/16 and fe80::/10; also
    /// the metadata addresses of clouds that chose others, and the address of no host.
    public var isLinkLocalOrMetadata: Bool {
        if self.bytes.count == 4 {
            return self.bytes.starts(with: [169, 254]) || self.bytes == [100, 100, 100, 200] || self.bytes[0] == 0
        }
        return self.bytes[0] == 0xFE && self.bytes[1] & 0xC0 == 0x80
            || self.bytes.starts(with: [0xFD, 0x00, 0x0E, 0xC2]) || self.bytes.allSatisfy { $0 == 0 }
    }

    /// What one customer usually has to themselves: an IPv4 address, the first 64 bits of an IPv6 address.
    public var subscriberBytes: [UInt8] { self.bytes.count == 4 ? self.bytes : Array(self.bytes[..<8]) }
}

/// All addresses that begin with the same bits.
public struct IPNetwork: Hashable, Sendable {
    private let base: IPAddress
    private let bits: Int

    /// Reads `10.0.0.0/8`, or a single address.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let base = IPAddress(first) else { return nil }
        self.base = base
        guard parts.count == 2 else {
            self.bits = base.bytes.count * 8
            return
        }
        guard let bits = Int(parts[1]), (0...base.bytes.count * 8).contains(bits) else { return nil }
        self.bits = bits
    }

    /// Whether the address is one of them.
    public func contains(_ address: IPAddress) -> Bool {
        guard address.bytes.count == self.base.bytes.count else { return false }
        return (0..<self.bits).allSatisfy { bit in
            (address.bytes[bit / 8] ^ self.base.bytes[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
        }
    }
}
