import ContentHashing

/// The head of one frame in a collection's log: 40 bytes before the payload, and 16 bytes of checksum after it.
///
/// A frame holds all changes that were made durable together, and the next one is begun only after it is. So whatever a
/// crash leaves torn is the last frame, and a damaged frame with a sound one behind it means that the disk, not a crash,
/// spoiled what was acknowledged.
struct LogFrame: Hashable {
    static let headBytes = 40
    static let checksumBytes = 16
    static let magic = Array("LFRM".utf8)
    /// The largest payload that is written or believed.
    static let maximumPayloadBytes = 256 << 20

    /// Bytes between head and checksum.
    let payloadBytes: Int
    /// 1, 2, 3 … within a file.
    let sequence: UInt64
    /// The file's random number, unknown to callers, so that no text they store can pass for a frame.
    let salt: UInt64

    /// The head's bytes: magic, length (4), sequence (8), salt (8), XXH3-128 of those.
    var head: [UInt8] {
        var bytes = Self.magic
        withUnsafeBytes(of: UInt32(self.payloadBytes).littleEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: self.sequence.littleEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: self.salt.littleEndian) { bytes.append(contentsOf: $0) }
        return bytes + ContentHash(of: bytes).bytes
    }

    /// The frame with its payload and checksum.
    static func encode(_ payload: [UInt8], sequence: UInt64, salt: UInt64) -> [UInt8] {
        LogFrame(payloadBytes: payload.count, sequence: sequence, salt: salt).head + payload
            + ContentHash(of: payload).bytes
    }

    init(payloadBytes: Int, sequence: UInt64, salt: UInt64) {
        self.payloadBytes = payloadBytes
        self.sequence = sequence
        self.salt = salt
    }

    /// Reads a head of this file; `nil` where the bytes are none.
    init?(_ bytes: some RandomAccessCollection<UInt8>, salt: UInt64) {
        guard bytes.count >= Self.headBytes, bytes.starts(with: Self.magic) else { return nil }
        let bytes = Array(bytes.prefix(Self.headBytes))
        guard ContentHash(of: bytes[..<24]).bytes.elementsEqual(bytes[24...]) else { return nil }
        let length = bytes.withUnsafeBytes {
            UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        }
        let sequence = bytes.withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        let found = bytes.withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        }
        guard found == salt, length <= Self.maximumPayloadBytes else { return nil }
        self.init(payloadBytes: Int(length), sequence: sequence, salt: salt)
    }

    var totalBytes: Int { Self.headBytes + self.payloadBytes + Self.checksumBytes }
}
