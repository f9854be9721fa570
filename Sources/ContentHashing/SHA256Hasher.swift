import Crypto
public import FoundationEssentials

/// Computes a SHA-256 from bytes that arrive piece by piece.
public struct SHA256Hasher: Sendable {
    private var state = SHA256()

    public init() {}

    /// Appends bytes.
    public mutating func update(_ bytes: some DataProtocol) {
        self.state.update(data: bytes)
    }

    /// The 64 lowercase hexadecimal digits of everything appended so far; more may follow.
    public func finalizeHex() -> String {
        LowercaseHex.string(self.state.finalize())
    }
}
