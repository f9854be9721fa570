import Crypto
public import FoundationEssentials

/// SHA-256 (FIPS 180-4) in its written form, 64 lowercase hexadecimal digits: for keys and tokens where an adversary
/// could gain by a collision.
public enum SHA256Hex {
    /// Hashes bytes that are already in memory.
    public static func of(_ bytes: some DataProtocol) -> String {
        LowercaseHex.string(SHA256.hash(data: bytes))
    }

    /// Hashes the UTF-8 form of `text`.
    public static func of(_ text: String) -> String {
        self.of(Array(text.utf8))
    }
}
