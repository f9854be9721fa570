import Learners
import Textbook

/// Says what one learner should read next, and why. Nothing here asks for the time or for chance: equal records get
/// equal lists.
public struct Recommender: Sendable {
    let curriculum: Curriculum
    let standpoint: Standpoint
    let outlook: LearnerOutlook
    let ready: ReadySet
    let gate: LayerGate
    /// What may be recommended, by rank.
    let candidates: Candidates

    /// - Parameter outlook: what of the learner's answers counts.
    public init(_ curriculum: Curriculum, record: LearnerRecord, outlook: LearnerOutlook) {
        self.init(Situation(curriculum, record), outlook: outlook)
    }

    init(_ situation: Situation, outlook: LearnerOutlook) {
        self.curriculum = situation.curriculum
        self.standpoint = situation.standpoint
        self.outlook = outlook
        self.ready = situation.ready
        self.gate = situation.gate
        self.candidates = Candidates(situation, outlook: outlook)
    }

    /// A lesson to read, and what speaks for it.
    public struct Recommendation: Hashable, Sendable {
        /// Its place in the curriculum.
        public var lesson: Int
        public var kind: Kind
        public var score: RecommendationScore
    }

    /// Why a lesson is in the list at all.
    public enum Kind: String, Hashable, Sendable, Codable {
        /// Not completed, and everything it builds on is.
        case next
        /// The same, in a layer above the one the learner has reached.
        case stretch
        /// Completed, and fading or changed since.
        case review
    }

    /// How many lessons of one chapter are shown at most.
    public static let mostPerChapter = 2
    /// Of so many recommendations one is a review, where one is due.
    static let groupSize = 5

    /// Every recommendation in order; callers show as many as they have room for.
    ///
    /// In a group of five the last one is a review where one is due. The first group holds one stretch before it.
    public var list: [Recommendation] {
        var next = self.mixed[...]
        var reviews = self.candidates.reviews[...]
        var stretch = self.candidates.stretch
        var list: [Recommendation] = []
        while !next.isEmpty || stretch != nil {
            let review = reviews.popFirst()
            let room = Self.groupSize - (review == nil ? 0 : 1) - (stretch == nil ? 0 : 1)
            list += next.prefix(room)
            next = next.dropFirst(room)
            list += [stretch, review].compactMap { $0 }
            stretch = nil
        }
        // With nothing new to read, reviews are all there is.
        return list.isEmpty ? Array(reviews) : list
    }

    /// What is new, by rank, with at most two lessons of a chapter.
    private var mixed: [Recommendation] {
        var counts: [Int: Int] = [:]
        return self.candidates.next.filter {
            let chapter = self.curriculum.chapterOfLesson[$0.lesson]
            counts[chapter, default: 0] += 1
            return counts[chapter, default: 0] <= Self.mostPerChapter
        }
    }

    /// Where the learner stands in the book.
    public var state: PathState {
        if !self.candidates.next.isEmpty || self.candidates.stretch != nil { return .learning }
        if let open = self.standpoint.remaining.first { return .blocked(open, self.ready.obstacle(of: open)) }
        let planned = self.curriculum.chapters.firstIndex { $0.lessons.isEmpty }
        return planned.map(PathState.contentPending) ?? .complete
    }
}

/// Where a learner stands in the book, in reading order's places.
public enum PathState: Hashable, Sendable {
    /// There is something to read.
    case learning
    /// Everything is completed.
    case complete
    /// Everything that is published is completed; the chapter is planned next.
    case contentPending(chapter: Int)
    /// The lesson is open and cannot be reached.
    case blocked(Int, ReadySet.Obstacle?)

    /// The word in answers.
    public var word: String {
        switch self {
        case .learning: "learning"
        case .complete: "complete"
        case .contentPending: "content_pending"
        case .blocked: "blocked"
        }
    }
}
