/// How far an operation came, with the sections written so far.
public struct OperationProgress: Hashable, Sendable {
    /// One section that is written.
    public struct Section: Hashable, Sendable {
        /// Its place in the lesson, from 0.
        public var ordinal: Int
        /// Its heading, without Markdown; `nil` for the text before the first one.
        public var heading: String?
        /// Markdown, the heading's line included.
        public var content: String
        /// Who wrote it, as the learner is told.
        public var generator: String

        /// A section from its parts.
        public init(ordinal: Int, heading: String?, content: String, generator: String) {
            self.ordinal = ordinal
            self.heading = heading
            self.content = content
            self.generator = generator
        }
    }

    /// How far the operation as a whole came.
    public var state: PersonalizationOperation.State
    /// Sections of the lesson, once known.
    public var total: Int?
    /// Ordinals of the sections that are written.
    public var finished: Set<Int>
    /// Those of them that were asked for, in the order in which they were written.
    public var sections: [Section]
    /// Set when the operation failed.
    public var failure: PersonalizedLesson.Failure?

    /// Progress from its parts.
    public init(
        state: PersonalizationOperation.State, total: Int? = nil, finished: Set<Int> = [], sections: [Section] = [],
        failure: PersonalizedLesson.Failure? = nil
    ) {
        self.state = state
        self.total = total
        self.finished = finished
        self.sections = sections
        self.failure = failure
    }
}
