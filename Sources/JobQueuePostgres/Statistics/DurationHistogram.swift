internal import Histogram

/// How long something took, many times: 1 ms to 1 h, each value kept to within one per cent.
///
/// Histograms of several processes and minutes are added without a loss.
public struct DurationHistogram: Sendable {
    /// What takes longer counts as this, in milliseconds.
    private static let longest: UInt64 = 3_600_000

    private var values = Histogram<UInt32>(
        lowestDiscernibleValue: 1, highestTrackableValue: DurationHistogram.longest,
        numberOfSignificantValueDigits: .two)

    public init() {}

    /// What `pairs` says; see ``pairs``.
    public init(pairs: [Int32]) {
        self.add(pairs: pairs)
    }

    /// Values recorded.
    public var count: Int { Int(clamping: self.values.totalCount) }
    public var mean: Duration { Self.duration(self.count == 0 ? 0 : self.values.mean) }
    public var standardDeviation: Duration { Self.duration(self.count == 0 ? 0 : self.values.stdDeviation) }

    /// The duration that `percentile` per cent of the values do not exceed; zero where there are none.
    public func value(at percentile: Double) -> Duration {
        .milliseconds(Int64(self.values.valueAtPercentile(percentile)))
    }

    /// Allocates nothing. A part of a millisecond counts as a whole one.
    mutating func record(_ duration: Duration) {
        self.values.record(UInt64(clamping: max(1, min(Int64(Self.longest), duration.milliseconds))))
    }

    /// The form in which the database keeps it: a value in milliseconds, how often it or its like was recorded, the next
    /// value and so on. Two of these written one behind the other are the sum of both.
    var pairs: [Int32] {
        self.values.recordedValues().flatMap {
            [
                Int32(clamping: self.values.lowestEquivalentForValue($0.value)),
                Int32(clamping: $0.countAddedInThisIterationStep),
            ]
        }
    }

    mutating func add(pairs: [Int32]) {
        for index in stride(from: 0, to: pairs.count - 1, by: 2) {
            self.values.record(
                min(Self.longest, UInt64(clamping: pairs[index])), count: UInt32(clamping: pairs[index + 1]))
        }
    }

    mutating func add(_ other: DurationHistogram) {
        self.values.add(other.values)
    }

    private static func duration(_ milliseconds: Double) -> Duration {
        .microseconds(Int64((milliseconds * 1_000).rounded()))
    }
}
