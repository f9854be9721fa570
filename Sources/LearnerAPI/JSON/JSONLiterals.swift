import Hummingbird
import Synchronization
import TextbookSync

/// Long texts as JSON strings, by the hashes of the texts: a lesson that is there is copied into its answer, not encoded
/// anew for everybody who asks for it.
final class JSONLiterals: Sendable {
    private let kept: Mutex<BodyCache<ByteBuffer>>

    /// - Parameter capacity: bytes of literals to keep; those used longest ago go first.
    init(capacity: Int = 64 * 1024 * 1024) {
        self.kept = Mutex(BodyCache(capacity: capacity))
    }

    /// The literal of a text, quotation marks included.
    /// - Parameter text: looked up where the literal is not kept.
    func literal(hash: String, of text: () async throws -> String) async throws -> ByteBuffer {
        if let literal = self.kept.withLock({ $0.text(for: hash) }) { return literal }
        let text = try await text()
        var literal = ByteBuffer()
        literal.reserveCapacity(text.utf8.count * 9 / 8)
        JSONObjectText.write(text, to: &literal)
        self.kept.withLock { $0.insert(literal, bytes: literal.readableBytes, for: hash) }
        return literal
    }
}
