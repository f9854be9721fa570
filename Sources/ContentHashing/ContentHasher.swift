import CXXHash

/// Computes a ``ContentHash`` from bytes that arrive piece by piece; how they are cut makes no difference.
public struct ContentHasher: ~Copyable {
    private let state: OpaquePointer

    public init() {
        guard let state = XXH3_createState() else { fatalError("no memory for the state of a hash (576 bytes)") }
        XXH3_128bits_reset(state)
        self.state = state
    }

    /// Appends bytes.
    public mutating func update(_ bytes: some Sequence<UInt8>) {
        let taken: Void? = bytes.withContiguousStorageIfAvailable {
            _ = XXH3_128bits_update(self.state, $0.baseAddress, $0.count)
        }
        if taken == nil {
            // A lazy sequence or a bridged string has no storage to lend.
            Array(bytes).withUnsafeBufferPointer { _ = XXH3_128bits_update(self.state, $0.baseAddress, $0.count) }
        }
    }

    /// Appends the UTF-8 form of `text`.
    public mutating func update(_ text: String) {
        self.update(text.utf8)
    }

    /// The hash of everything appended so far; more may follow.
    public func finalize() -> ContentHash {
        let digest = XXH3_128bits_digest(self.state)
        return ContentHash(high: digest.high64, low: digest.low64)
    }

    deinit { XXH3_freeState(self.state) }
}
