import Learners

/// What is known of a reader, as far as it decides how a text is treated.
protocol ReaderSlice {
    /// Whether the domain's terms are explained at their first use.
    func explains(_ domain: ProfileSlice.Domain) -> Bool
    /// Whether passages that only go over this domain may be skimmed.
    func skims(_ domain: ProfileSlice.Domain) -> Bool
}

extension ProfileSlice: ReaderSlice {}

extension SectionSlice: ReaderSlice {
    /// Whether the domain's terms are explained at their first use.
    func explains(_ domain: ProfileSlice.Domain) -> Bool {
        switch domain {
        case .robotics: self.knowsRobotics == false
        case .ai: self.knowsAI == false
        case .programming: self.programming == .novice
        }
    }

    /// Whether passages that only go over this domain may be skimmed.
    func skims(_ domain: ProfileSlice.Domain) -> Bool {
        switch domain {
        case .robotics: self.knowsRobotics == true
        case .ai: self.knowsAI == true
        case .programming: self.programming == .advanced
        }
    }

    /// Whether long sentences are divided: for readers to whom everything that the section touches is new. English
    /// only, since the rules are.
    func dividesSentences(in facts: SectionFacts) -> Bool {
        self.language == .en && !facts.domains.isEmpty && facts.domains.allSatisfy(self.explains)
    }
}
