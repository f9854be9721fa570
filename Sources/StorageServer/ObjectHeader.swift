import ContentHashing
import FoundationEssentials

/// The head of an object's file: what is known of the content that follows it.
///
/// Metadata and content stand in one file, so that one rename replaces both. The file begins with 8 bytes `LECOBJ1\n`,
/// then comes the length of the JSON below (4 bytes, little endian), its XXH3-128 (16 bytes), the JSON, and to the end of
/// the file the content.
struct ObjectHeader: Codable, Hashable {
    static let magic = Array("LECOBJ1\n".utf8)
    /// Bytes before the JSON.
    static let fixedBytes = 28
    /// Upper bound for the JSON: a key and a content type with every byte escaped, and the rest.
    static let maximumBytes = 16_384

    var key: String
    var size: Int
    var sha256: String
    var contentType: String
    var modifiedAt: String

    init(_ object: StoredObject) {
        self.key = object.key.description
        self.size = object.size
        self.sha256 = object.sha256
        self.contentType = object.contentType
        self.modifiedAt = object.modifiedAt
    }

    /// The bytes that stand before the content.
    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json = Array(try encoder.encode(self))
        let length = withUnsafeBytes(of: UInt32(json.count).littleEndian) { Array($0) }
        return Self.magic + length + ContentHash(of: json).bytes + json
    }

    /// Reads the header that `bytes` begin with, and how many bytes it takes; `nil` where it is damaged.
    ///
    /// `bytes` may end anywhere after the header.
    static func decode(_ bytes: [UInt8]) -> (header: ObjectHeader, length: Int)? {
        guard bytes.count >= self.fixedBytes, bytes.starts(with: self.magic) else { return nil }
        let length = (0..<4).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
        guard length <= self.maximumBytes, bytes.count >= self.fixedBytes + length else { return nil }
        let json = Array(bytes[self.fixedBytes..<self.fixedBytes + length])
        guard ContentHash(of: json).bytes.elementsEqual(bytes[12..<28]) else { return nil }
        guard let header = try? JSONDecoder().decode(ObjectHeader.self, from: Data(json)) else {
            // The checksum holds, so it was not written by this version; to the caller that is damage too.
            return nil
        }
        return (header, self.fixedBytes + length)
    }

    /// The object it describes.
    var object: StoredObject {
        StoredObject(
            key: ObjectKey(unchecked: Array(self.key.utf8)), size: self.size, sha256: self.sha256,
            contentType: self.contentType, modifiedAt: self.modifiedAt)
    }
}
