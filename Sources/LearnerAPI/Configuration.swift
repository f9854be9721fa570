extension LearnerAPI {
    /// Limits of one API process.
    public struct Configuration: Sendable {
        /// Streams of events that may be open, in all.
        public var maximumStreams = 1_024
        /// Streams that may be open for one learner, and for one operation.
        public var maximumStreamsPerLearner = 8
        /// How long a stream lives before its client has to take it up again.
        public var streamBudget: Duration = .seconds(300)
        /// Silence on a stream after which a comment is sent.
        public var streamBeat: Duration = .seconds(15)
        /// Callers that may wait at an operation, in all and for one learner; the others are answered at once.
        public var maximumLongPolls = 512
        public var maximumLongPollsPerLearner = 16
        /// How many requests for work are answered.
        public var rates = RateLimits()
        /// Who is told of security faults; without it there is no `security.txt`.
        public var securityContact: SecurityContact?

        /// The defaults.
        public init() {}
    }
}
