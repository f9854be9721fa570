import Learners

extension ProfileSlice {
    /// The slice in words, in a fixed order, as jobs carry it: `language=en programming=novice robotics=no ai=no`.
    public var text: String {
        [
            "language=\(self.language.rawValue)", "programming=\(self.programming.rawValue)",
            "robotics=\(self.knowsRobotics ? "yes" : "no")", "ai=\(self.knowsAI ? "yes" : "no")",
        ].joined(separator: " ")
    }

    /// A slice from its words; `nil` for any other text.
    public init?(text: String) {
        guard let slice = Self.byText[text] else { return nil }
        self = slice
    }

    private static let byText = Dictionary(uniqueKeysWithValues: Self.allCases.map { ($0.text, $0) })
}
