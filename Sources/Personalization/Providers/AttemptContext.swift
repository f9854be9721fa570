public import JobQueue
import Synchronization

/// For what a model is asked: the part of a ledger row that the provider cannot know.
///
/// Set around everything that is done for one section:
///
///     try await AttemptContext.$current.withValue(AttemptContext(lessonSlug: slug, generationKey: key, jobID: id)) {
///         try await writer.write(section, for: slice, payer: payer)
///     }
public struct AttemptContext: Sendable {
    @TaskLocal public static var current: AttemptContext?

    public var lessonSlug: String?
    public var generationKey: GenerationKey?
    public var jobID: JobID?
    private let trail = Trail()

    /// The context of one section.
    public init(lessonSlug: String? = nil, generationKey: GenerationKey? = nil, jobID: JobID? = nil) {
        self.lessonSlug = lessonSlug
        self.generationKey = generationKey
        self.jobID = jobID
    }

    /// The ledger's number of the attempt that was filed last.
    var lastAttempt: Int64? {
        get { self.trail.last.withLock { $0 } }
        nonmutating set { self.trail.last.withLock { $0 = newValue } }
    }

    private final class Trail: Sendable {
        let last = Mutex<Int64?>(nil)
    }
}
