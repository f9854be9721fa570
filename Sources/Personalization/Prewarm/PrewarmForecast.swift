/// What writing ahead would take, in the order in which it would be done.
public struct PrewarmForecast: Hashable, Sendable, Encodable {
    /// One lesson for one slice.
    public struct Step: Hashable, Sendable, Encodable {
        public var lessonSlug: String
        public var contentHash: String
        /// The slice in words.
        public var slice: String
        /// Sections that are not written yet.
        public var sections: Int
        /// The tokens that these are expected to take, question and answer together; 0 for the embedded rules.
        public var tokens: Int

        enum CodingKeys: String, CodingKey {
            case slice, sections, tokens
            case lessonSlug = "lesson_slug"
            case contentHash = "content_hash"
        }
    }

    /// Lessons that were looked at.
    public var lessons: Int
    /// Slices that learners are in.
    public var slices: Int
    public var steps: [Step]
    /// The most tokens that may be spent; `nil` without a limit.
    public var budget: Int?

    /// Sections over all steps. One that several steps need counts once.
    public var sections: Int { self.steps.reduce(0) { $0 + $1.sections } }
    /// Tokens over all steps.
    public var tokens: Int { self.steps.reduce(0) { $0 + $1.tokens } }

    /// The first steps that the budget has room for. What comes behind one that is too large is left out as well, so
    /// that the order means something.
    public var affordable: [Step] {
        guard let budget = self.budget else { return self.steps }
        var left = budget
        return Array(
            self.steps.prefix { step in
                left -= step.tokens
                return left >= 0
            })
    }

    enum CodingKeys: String, CodingKey {
        case lessons, slices, sections, tokens, budget, steps
        case affordableSteps = "affordable_steps"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.lessons, forKey: .lessons)
        try container.encode(self.slices, forKey: .slices)
        try container.encode(self.sections, forKey: .sections)
        try container.encode(self.tokens, forKey: .tokens)
        try container.encode(self.budget, forKey: .budget)
        try container.encode(self.affordable.count, forKey: .affordableSteps)
        try container.encode(self.steps, forKey: .steps)
    }
}
