import ContentHashing

/// The first 40 bytes of a log file: 8 bytes `LECVLOG1`, dimension (4), zero (4), salt (8), XXH3-128 of those.
struct LogHeader: Hashable {
    static let bytes = 40
    private static let magic = Array("LECVLOG1".utf8)

    let dimension: Int
    let salt: UInt64

    init(dimension: Int, salt: UInt64) {
        self.dimension = dimension
        self.salt = salt
    }

    var encoded: [UInt8] {
        var bytes = Self.magic
        withUnsafeBytes(of: UInt64(self.dimension).littleEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: self.salt.littleEndian) { bytes.append(contentsOf: $0) }
        return bytes + ContentHash(of: bytes).bytes
    }

    /// Reads a header; `nil` where it is damaged.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.bytes, bytes.starts(with: Self.magic),
            ContentHash(of: bytes[..<24]).bytes.elementsEqual(bytes[24...])
        else { return nil }
        let dimension = bytes.withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        let salt = bytes.withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        }
        guard let dimension = Int(exactly: dimension), (1...65_536).contains(dimension) else { return nil }
        self.init(dimension: dimension, salt: salt)
    }
}
