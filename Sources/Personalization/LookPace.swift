public import FoundationEssentials

/// How long to wait before the next look at something that others work on: often at first, then less and less.
public struct LookPace: Sendable {
    private let first: Duration
    private let longest: Duration
    private let spread: Double
    private var pause: Duration

    /// - Parameter id: of what is looked at; it moves the looks of callers who came together a little apart.
    public init(_ id: UUID, first: Duration = .milliseconds(20), longest: Duration = .milliseconds(200)) {
        self.first = first
        self.longest = longest
        self.spread = 0.8 + 0.4 * Double(id.uuid.15) / 255
        self.pause = first
    }

    /// The pause before the next look; the one after it is half as long again.
    public mutating func next() -> Duration {
        defer { self.pause = min(self.pause * 1.5, self.longest) }
        return self.pause * self.spread
    }

    /// Something happened: more may follow soon.
    public mutating func restart() { self.pause = self.first }
}
