import FoundationEssentials
import Learners

/// Walks through a curriculum as every possible learner would who always reads what stands first, to the end of the
/// book or to a dead end.
///
/// Of the 7,936 sets of answers there are, recommendations tell ``outlooks`` apart. They walk together: whoever has
/// completed the same lessons stands at the same place, whatever the order was, so each place is looked at once.
///
/// A book of some hundred lessons has more places than a publication should wait for. Beyond ``exhaustiveLimit`` the
/// largest group goes on alone and stands for the others: as finishing a lesson never takes another one out of the
/// ready set, whoever walks on until nothing is ready ends with the same lessons completed.
public struct PathWalk: Sendable {
    /// Where somebody was left with nothing to read.
    public struct DeadEnd: Hashable, Sendable {
        /// Places of the lessons that were out of reach, in reading order; never empty.
        public var unreachable: [Int]
        /// What stands in the way of the first of them.
        public var obstacle: ReadySet.Obstacle?
        /// How many of the outlooks came there.
        public var outlooks: Int
    }

    /// How many places are looked at before one group walks for all.
    public static let exhaustiveLimit = 2_000

    /// How many places were looked at.
    public let places: Int
    /// Whether everybody walked to the end.
    public let isExhaustive: Bool
    /// `nil` where everybody came to the end.
    public let deadEnd: DeadEnd?

    /// Every outlook that a learner can have, each once.
    public static let outlooks: [LearnerOutlook] = {
        var seen: Set<LearnerOutlook> = []
        // Who may skim reads the same lessons.
        return LearnerProfile.all.map { LearnerOutlook($0).withoutSkimming }.filter { seen.insert($0).inserted }
    }()

    /// Walks to the end.
    public init(
        _ curriculum: Curriculum, outlooks: [LearnerOutlook] = Self.outlooks, limit: Int = Self.exhaustiveLimit
    ) {
        let now = Date(timeIntervalSince1970: 0)
        var groups: [[Bool]: [LearnerOutlook]] = [curriculum.lessons.map { _ in false }: outlooks]
        var places = 0
        var isExhaustive = true
        var deadEnd: DeadEnd?
        // With each step everybody has completed one lesson more, so groups that meet again meet in the same step.
        while !groups.isEmpty, deadEnd == nil {
            var next: [[Bool]: [LearnerOutlook]] = [:]
            for (isCompleted, group) in groups {
                places += 1
                var record = LearnerRecord(now: now, profile: nil)
                for (lesson, done) in zip(curriculum.lessons, isCompleted) where done {
                    record.progress[lesson.id] = LessonProgress(
                        state: .completed, startedAt: now, completedAt: now, lastAt: now)
                }
                let situation = Situation(curriculum, record)
                guard !situation.standpoint.remaining.isEmpty else { continue }
                for outlook in group {
                    guard let first = Recommender(situation, outlook: outlook).list.first, first.kind != .review else {
                        deadEnd = DeadEnd(situation, outlooks: group.count)
                        break
                    }
                    var after = isCompleted
                    after[first.lesson] = true
                    next[after, default: []].append(outlook)
                }
            }
            groups = next
            if places > limit, groups.count > 1, let largest = Self.largest(groups) {
                groups = [largest.key: largest.value]
                isExhaustive = false
            }
        }
        self.places = places
        self.isExhaustive = isExhaustive
        self.deadEnd = deadEnd
    }

    /// The group with the most outlooks; of several the one that has gone least far in reading order.
    private static func largest(_ groups: [[Bool]: [LearnerOutlook]]) -> (key: [Bool], value: [LearnerOutlook])? {
        groups.max { left, right in
            guard left.value.count == right.value.count else { return left.value.count < right.value.count }
            return right.key.lexicographicallyPrecedes(left.key) { !$0 && $1 }
        }
    }
}

extension PathWalk.DeadEnd {
    fileprivate init(_ situation: Situation, outlooks: Int) {
        let unreachable = situation.standpoint.remaining
        self.init(
            unreachable: unreachable, obstacle: unreachable.first.flatMap(situation.ready.obstacle), outlooks: outlooks)
    }
}

extension LearnerProfile {
    /// Every set of answers there is: 7,936.
    static var all: [LearnerProfile] {
        let goals = (1..<(1 << LearningGoal.allCases.count)).map { bits in
            Set(LearningGoal.allCases.enumerated().filter { bits >> $0.offset & 1 == 1 }.map(\.element))
        }
        var profiles: [LearnerProfile] = []
        for education in EducationLevel.allCases {
            for programming in ProgrammingExperience.allCases {
                for robotics in [false, true] {
                    for ai in AIMLExperience.allCases {
                        for goals in goals {
                            for language in PreferredLanguage.allCases {
                                profiles.append(
                                    LearnerProfile(
                                        educationLevel: education, programmingExperience: programming,
                                        roboticsBackground: robotics, aiMLExperience: ai, learningGoals: goals,
                                        preferredLanguage: language))
                            }
                        }
                    }
                }
            }
        }
        return profiles
    }
}
