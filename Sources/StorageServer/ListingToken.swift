import ContentHashing
import FoundationEssentials

/// Where a listing goes on: after a key, for one bucket and prefix only.
///
/// To callers it is opaque. It names the last key seen, not a position, so objects that come or go between two pages
/// neither shift nor repeat the others.
struct ListingToken: Hashable {
    let lastKey: [UInt8]

    /// Bytes of the digest that binds a token to its listing.
    private static let digestBytes = 8

    private static let unknown = StorageError(
        .invalidArgument, "page_token is not one that a listing of this bucket and prefix returned.")

    private static func digest(_ bucket: BucketName, _ prefix: [UInt8]) -> [UInt8] {
        Array(ContentHash(of: Array(bucket.text.utf8) + [0] + prefix).bytes.prefix(self.digestBytes))
    }

    /// The token's text: base64 with the alphabet that is safe in URLs (RFC 4648 section 5).
    func text(bucket: BucketName, prefix: [UInt8]) -> String {
        let bytes = Self.digest(bucket, prefix) + self.lastKey
        return Data(bytes).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    init(lastKey: [UInt8]) {
        self.lastKey = lastKey
    }

    /// Throws ``StorageError`` with code `invalidArgument` for what is not a token of this listing.
    init(_ text: String, bucket: BucketName, prefix: [UInt8]) throws(StorageError) {
        var padded = text.replacing("-", with: "+").replacing("_", with: "/")
        padded += String(repeating: "=", count: (4 - padded.utf8.count % 4) % 4)
        guard text.utf8.count <= 2048, let bytes = Data(base64Encoded: padded),
            bytes.count > Self.digestBytes, bytes.prefix(Self.digestBytes).elementsEqual(Self.digest(bucket, prefix))
        else {
            throw Self.unknown
        }
        self.lastKey = Array(bytes.dropFirst(Self.digestBytes))
        guard self.text(bucket: bucket, prefix: prefix) == text else { throw Self.unknown }
    }
}
