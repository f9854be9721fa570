public import Learners

/// The fields of a profile that one section depends on: learners who do not differ in them share its text.
public struct SectionSlice: Hashable, Sendable {
    public var language: PreferredLanguage
    /// `nil` where the section holds neither code nor terms of programming.
    public var programming: ProfileSlice.ProgrammingBand?
    /// `nil` where the section holds no terms of robotics.
    public var knowsRobotics: Bool?
    /// `nil` where the section holds no terms of artificial intelligence.
    public var knowsAI: Bool?

    /// What of a slice matters to a section with these facts.
    public init(_ slice: ProfileSlice, for facts: SectionFacts) {
        self.language = slice.language
        if facts.hasCode || facts.domains.contains(.programming) { self.programming = slice.programming }
        if facts.domains.contains(.robotics) { self.knowsRobotics = slice.knowsRobotics }
        if facts.domains.contains(.ai) { self.knowsAI = slice.knowsAI }
    }

    /// Whether nothing in the section asks for a change: the source itself is then a fair answer.
    public var isNeutral: Bool {
        self.language == .en && self.programming == nil && self.knowsRobotics == nil && self.knowsAI == nil
    }

    /// The slice in words, in a fixed order: `language=en programming=novice robotics=no`.
    public var description: String {
        var words = ["language=\(self.language.rawValue)"]
        if let programming = self.programming { words.append("programming=\(programming.rawValue)") }
        if let knows = self.knowsRobotics { words.append("robotics=\(knows ? "yes" : "no")") }
        if let knows = self.knowsAI { words.append("ai=\(knows ? "yes" : "no")") }
        return words.joined(separator: " ")
    }
}
