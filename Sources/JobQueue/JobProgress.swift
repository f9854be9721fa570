/// How far a run has come, as its handler says.
public struct JobProgress: Hashable, Sendable, Codable {
    /// Steps done so far.
    public var done: Int
    /// Steps in all, where that is known.
    public var total: Int?
    /// What is being done now: a short machine word.
    public var stage: String?

    public init(done: Int, total: Int? = nil, stage: String? = nil) {
        self.done = done
        self.total = total
        self.stage = stage
    }
}
