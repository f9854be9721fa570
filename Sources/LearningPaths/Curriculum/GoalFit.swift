public import Learners
public import Textbook

/// How well a lesson serves each goal, in thousandths.
public struct GoalFit: Hashable, Sendable {
    private var values: [LearningGoal: Int] = [:]

    /// Serves no goal in particular.
    public init() {}

    /// The fit of some goals; what is not given is 0, and none is above 1,000.
    public init(_ values: [LearningGoal: Int]) {
        self.values = values.mapValues { min(max($0, 0), 1_000) }
    }

    /// 0 to 1,000.
    public subscript(_ goal: LearningGoal) -> Int { self.values[goal] ?? 0 }

    /// The goal among these that the lesson serves best, the earlier one where two are equal; `nil` where it serves
    /// none.
    public func best(of goals: [LearningGoal]) -> (goal: LearningGoal, fit: Int)? {
        var best: (goal: LearningGoal, fit: Int)?
        for goal in goals where self[goal] > (best?.fit ?? 0) { best = (goal, self[goal]) }
        return best
    }
}

/// Finds out what a lesson is good for, from the words in its title and headings, its type and its length.
public struct GoalWords: Sendable {
    /// By goal: beginnings of words.
    private let words: [LearningGoal: [String]]

    init(words: [LearningGoal: [String]]) {
        self.words = words
    }

    /// The fit of a lesson: what its author says, else what its words say.
    /// - Parameter tags: goals that the front matter names; each is served in full, and others not at all. Words that
    ///   are no goal count for nothing.
    func fit(
        tags: [String], title: String, headings: [String], type: LessonType, minutes: Int
    ) -> GoalFit {
        let goals = tags.compactMap(LearningGoal.init(rawValue:))
        guard goals.isEmpty else {
            return GoalFit(Dictionary(goals.map { ($0, 1_000) }, uniquingKeysWith: { first, _ in first }))
        }
        return self.fit(title: title, headings: headings, type: type, minutes: minutes)
    }

    /// The fit of a lesson by its words.
    ///
    /// A word of the title counts 300, one of a heading 100, each word once for each text. Labs serve building projects
    /// (500) and a new career (300), summaries teaching (400), lessons of at most 20 minutes a hobby (400).
    public func fit(title: String, headings: [String], type: LessonType, minutes: Int) -> GoalFit {
        let titleWords = Self.wordsOf(title)
        let headingWords = headings.map(Self.wordsOf)
        var values: [LearningGoal: Int] = [:]
        for goal in LearningGoal.allCases {
            var value = Self.bonus(goal, type: type, minutes: minutes)
            for beginning in self.words[goal] ?? [] {
                if titleWords.contains(where: { $0.hasPrefix(beginning) }) { value += 300 }
                value += headingWords.count { words in words.contains { $0.hasPrefix(beginning) } } * 100
            }
            values[goal] = value
        }
        return GoalFit(values)
    }

    private static func bonus(_ goal: LearningGoal, type: LessonType, minutes: Int) -> Int {
        switch goal {
        case .buildingProjects: type == .lab ? 500 : 0
        case .careerChange: type == .lab ? 300 : 0
        case .teaching: type == .summary ? 400 : 0
        case .hobby: minutes <= 20 ? 400 : 0
        case .research: 0
        }
    }

    private static func wordsOf(_ text: String) -> [String] {
        text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    }
}
