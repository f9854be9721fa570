import Hummingbird
import Synchronization
import TextbookSync

/// Answers about published content, encoded once for each release.
final class KeptAnswers: Sendable {
    private let kept: Mutex<BodyCache<TaggedBody>>

    /// - Parameter capacity: bytes of answers to keep; those used longest ago go first.
    init(capacity: Int = 32 * 1024 * 1024) {
        self.kept = Mutex(BodyCache(capacity: capacity))
    }

    /// The answer under a name, which is encoded where it is not kept. Nothing is kept of a release that may yet change.
    func answer(
        _ name: String, in edition: PublishedEdition, value: () async throws -> some Encodable
    ) async throws -> TaggedBody {
        let key = "\(edition.book.releaseID) \(edition.book.id) \(name)"
        if edition.book.isIndexed, let answer = self.kept.withLock({ $0.text(for: key) }) { return answer }
        let answer = TaggedBody(try JSONResponse.bytes(of: try await value()))
        if edition.book.isIndexed {
            self.kept.withLock { $0.insert(answer, bytes: answer.body.readableBytes, for: key) }
        }
        return answer
    }
}
