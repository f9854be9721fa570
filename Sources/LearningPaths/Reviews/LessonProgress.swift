public import FoundationEssentials

/// How far a learner came with one lesson.
public struct LessonProgress: Hashable, Sendable {
    public enum State: String, Hashable, Sendable, Codable {
        case inProgress = "in_progress"
        case completed
    }

    public var state: State
    public var startedAt: Date
    /// When it was first completed.
    public var completedAt: Date?
    /// When the learner was last heard of in it.
    public var lastAt: Date
    /// Time spent, in seconds.
    public var seconds: Int
    /// How often it was read again for a review.
    public var reviews: Int
    /// When it is due again; of completed lessons only.
    public var schedule: ReviewSchedule?
    /// Whether its text is another one than was read.
    public var isChanged: Bool
    /// The chunks that were read, known where the text is another one now.
    public var readChunks: [Int32]

    /// A lesson that was begun.
    public init(
        state: State = .inProgress, startedAt: Date, completedAt: Date? = nil, lastAt: Date, seconds: Int = 0,
        reviews: Int = 0, schedule: ReviewSchedule? = nil, isChanged: Bool = false, readChunks: [Int32] = []
    ) {
        self.state = state
        self.startedAt = startedAt
        self.completedAt = completedAt
        self.lastAt = lastAt
        self.seconds = seconds
        self.reviews = reviews
        self.schedule = schedule
        self.isChanged = isChanged
        self.readChunks = readChunks
    }

    /// Whether more than a fifth of the lesson's present chunks are new since it was read. Where the chunks of either
    /// text are not known, any change counts.
    func isOutdated(by chunks: [Int32]) -> Bool {
        guard self.isChanged else { return false }
        guard !self.readChunks.isEmpty, !chunks.isEmpty else { return true }
        let known = Set(self.readChunks)
        return chunks.count { !known.contains($0) } * 5 > chunks.count
    }
}
