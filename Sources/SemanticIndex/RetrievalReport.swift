/// How well search finds what it should, over a set of questions.
public struct RetrievalReport: Encodable, Sendable, Hashable {
    /// The figures over some of the questions; shares are from 0 to 1.
    public struct Figures: Encodable, Sendable, Hashable {
        public var questions: Int
        /// The share of questions with a right chunk among the first so many results.
        public var recall: [Int: Double]
        /// The mean of 1 / place of the first right chunk, counting places up to 10.
        public var mrr10: Double
        /// The share of questions with a right chunk among the first results that together stay within the budget.
        public var recallWithinBudget: Double

        private enum Key: String, CodingKey {
            case questions, recall
            case mrr10 = "mrr_at_10"
            case recallWithinBudget = "recall_within_budget"
        }

        public func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: Key.self)
            try members.encode(self.questions, forKey: .questions)
            try members.encode(
                Dictionary(uniqueKeysWithValues: self.recall.map { ("\($0.key)", $0.value) }), forKey: .recall)
            try members.encode(self.mrr10, forKey: .mrr10)
            try members.encode(self.recallWithinBudget, forKey: .recallWithinBudget)
        }
    }

    /// A question that has no right chunk among the first five.
    public struct Miss: Encodable, Sendable, Hashable {
        public var id: String
        public var question: String
        /// Where the first right chunk stands, from 1; `nil` where no result is right.
        public var place: Int?
    }

    public var all: Figures
    /// By the raw value of the questions' kind.
    public var kinds: [String: Figures]
    /// In the order of the questions.
    public var missed: [Miss]
    /// Tokens.
    public var budget: Int
    /// Questions that were answered without vectors.
    public var degraded: Int

    /// One question's results.
    public struct Outcome: Sendable {
        public var question: RetrievalQuestion
        public var answer: SearchAnswer

        public init(question: RetrievalQuestion, answer: SearchAnswer) {
            self.question = question
            self.answer = answer
        }
    }

    /// The figures of some outcomes.
    /// - Parameters:
    ///   - cutoffs: the numbers of first results to take recall at; 5 is always among them.
    ///   - budget: in tokens.
    public init(_ outcomes: [Outcome], cutoffs: [Int] = [1, 5, 10], budget: Int = 1_000) {
        let cutoffs = Set(cutoffs).union([5])
        let judged = outcomes.map { Judged($0, budget: budget) }
        self.all = Figures(judged, cutoffs: cutoffs)
        var kinds: [String: Figures] = [:]
        for (kind, some) in Dictionary(grouping: judged, by: \.kind) {
            kinds[kind.rawValue] = Figures(some, cutoffs: cutoffs)
        }
        self.kinds = kinds
        self.missed = zip(outcomes, judged).filter { ($0.1.place ?? .max) > 5 }.map {
            Miss(id: $0.0.question.id, question: $0.0.question.question, place: $0.1.place)
        }
        self.budget = budget
        self.degraded = outcomes.count { $0.answer.degraded }
    }

    enum CodingKeys: String, CodingKey {
        case all, kinds, missed, budget, degraded
    }
}

extension RetrievalReport {
    /// What one question's results are worth.
    fileprivate struct Judged {
        var kind: RetrievalQuestion.Kind
        /// Of the first right chunk, from 1.
        var place: Int?
        var isWithinBudget: Bool

        init(_ outcome: Outcome, budget: Int) {
            let results = outcome.answer.results
            let right = results.firstIndex {
                outcome.question.isAnswered(lessonSlug: $0.lessonSlug, text: $0.text)
            }
            self.kind = outcome.question.kind
            self.place = right.map { $0 + 1 }
            self.isWithinBudget =
                right.map { results[...$0].reduce(0) { $0 + ChunkerTokens.count($1.text) } <= budget } ?? false
        }
    }
}

extension RetrievalReport.Figures {
    fileprivate init(_ judged: [RetrievalReport.Judged], cutoffs: Set<Int>) {
        let count = Double(max(1, judged.count))
        func share(_ isRight: (RetrievalReport.Judged) -> Bool) -> Double {
            Double(judged.count(where: isRight)) / count
        }
        self.questions = judged.count
        self.recall = Dictionary(
            uniqueKeysWithValues: cutoffs.map { cutoff in (cutoff, share { ($0.place ?? .max) <= cutoff }) })
        let places = judged.compactMap(\.place).filter { $0 <= 10 }
        self.mrr10 = places.reduce(0) { $0 + 1 / Double($1) } / count
        self.recallWithinBudget = share(\.isWithinBudget)
    }
}
