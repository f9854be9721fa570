import FoundationEssentials

/// What speaks for a lesson, in thousandths of a point: whole numbers, so that the order is the same on every machine.
public struct RecommendationScore: Hashable, Sendable {
    /// It was begun, at most 300 points; fades over 14 days.
    public var begun = 0
    /// It is the next one in the chapter that is being read, 200 points.
    public var next = 0
    /// It serves a goal, at most 200 points.
    public var goal = 0
    /// The share of the remaining lessons that it leads to, at most 150 points.
    public var opens = 0
    /// Its part stands at the learner's level, at most 100 points.
    public var level = 0
    /// It fits in the time that the learner usually spends on a lesson, 50 points.
    public var session = 0
    /// It was shown and not opened: 80 points less for each time, three times at most.
    public var ignored = 0

    /// All of it.
    public var total: Int {
        self.begun + self.next + self.goal + self.opens + self.level + self.session - self.ignored
    }

    /// A lesson last heard of this long ago has so much of the 300 points left.
    static func begun(_ age: TimeInterval) -> Int {
        let fortnight = 14 * 86_400
        let seconds = Int(min(max(age, 0), Double(fortnight)))
        return 300_000 * (fortnight - seconds) / fortnight
    }

    /// - Parameter fit: 0 to 1,000.
    static func goal(fit: Int) -> Int { 200 * fit }

    static func opens(_ count: Int, of remaining: Int) -> Int {
        remaining == 0 ? 0 : 150_000 * min(count, remaining) / remaining
    }

    /// Both from 0 to 4.
    static func level(tier: Int, learner: Int) -> Int { 25_000 * (4 - abs(tier - learner)) }

    static func ignored(shown: Int) -> Int { 80_000 * min(max(shown, 0), 3) }

    static let next = 200_000
    static let session = 50_000
}
