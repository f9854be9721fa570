import ContentHashing
import Crypto

/// 256 random bits that open something, in their written form.
///
/// A guess is compared by hash, so the time it takes tells nothing of the right one, and the database holds nothing that
/// opens anything.
struct Secret: Sendable {
    /// 64 lowercase hexadecimal digits.
    let text: String

    init(using generator: inout some RandomNumberGenerator) {
        self.text = LowercaseHex.string((0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    /// SHA-256 of a secret's written form, for a column `secret_hash`.
    static func hash(of text: some StringProtocol) -> [UInt8] {
        Array(SHA256.hash(data: Array(text.utf8)))
    }

    /// The same, for this one.
    var hash: [UInt8] { Self.hash(of: self.text) }
}
