public import FoundationEssentials
public import Textbook

/// When a lesson that was read fades, by the forgetting curve R = (1 + 19/81 · t/S)^-0.5: after S days nine tenths are
/// recalled.
public struct ReviewSchedule: Hashable, Sendable {
    /// When the lesson was completed or last read again.
    public var reviewedAt: Date
    /// S, in days.
    public var stabilityDays: Double

    /// A lesson is not read again for its review before this many days.
    public static let shortestBreakDays = 1.0
    /// By what a review multiplies the stability.
    public static let growth = 2.5
    /// No stability grows beyond ten years.
    public static let longestStabilityDays = 3_650.0

    /// What was last read when, and how firmly.
    public init(reviewedAt: Date, stabilityDays: Double) {
        self.reviewedAt = reviewedAt
        self.stabilityDays = stabilityDays
    }

    /// S after the first reading: what was done by hand lasts longer.
    public static func firstStability(of type: LessonType) -> Double { type == .lab ? 14 : 7 }

    /// Days since the last reading, none for a reading in the future.
    public func days(at now: Date) -> Double { max(0, now.timeIntervalSince(self.reviewedAt)) / 86_400 }

    /// R, from 1 down to 0. Division and square root are rounded the same way on every machine.
    public func recall(at now: Date) -> Double {
        (1 / (1 + 19 * self.days(at: now) / (81 * self.stabilityDays))).squareRoot()
    }

    /// Whether R is below 0.8; after the first reading of a lesson that is so from the 17th day on.
    public func isDue(at now: Date) -> Bool { self.recall(at: now) < 0.8 }

    /// Whether reading the lesson again counts as a review; right after a reading it does not.
    public func acceptsReview(at now: Date) -> Bool { self.days(at: now) >= Self.shortestBreakDays }

    /// The schedule after a review.
    public func reviewed(at now: Date) -> ReviewSchedule {
        ReviewSchedule(
            reviewedAt: now, stabilityDays: min(self.stabilityDays * Self.growth, Self.longestStabilityDays))
    }
}
