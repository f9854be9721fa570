import Learners
import Textbook

extension LessonFrame {
    /// The honest label: who wrote this, and what was added.
    var label: String {
        var sentences: [String]
        switch self.authorship {
        case .rules:
            sentences = [
                self.phrases.text(.labelRules, ["title": self.title]),
                self.phrases.text(self.isDivided ? .labelDivided : .labelKept),
            ]
        case .model: return "> " + self.phrases.text(.labelModel, ["title": self.title])
        case .mixed: sentences = [self.phrases.text(.labelMixed, ["title": self.title])]
        }
        let additions = self.additions
        sentences += additions.isEmpty ? [self.phrases.text(.labelEven)] : additions
        return "> " + sentences.joined(separator: " ")
    }

    /// What the rules add for this slice, in sentences.
    private var additions: [String] {
        let passages = self.readings.flatMap(\.reading.passages)
        let found = Set(passages.flatMap(\.terms).map { self.glossary.terms[$0].domain })
        let explained = ProfileSlice.Domain.allCases.filter { found.contains($0) && self.slice.explains($0) }
        let skimmed = Set(
            passages.filter { $0.isSkimmable(for: self.slice, self.glossary) }.flatMap(\.terms)
                .map { self.glossary.terms[$0].domain })
        var sentences: [String] = []
        if !explained.isEmpty {
            sentences.append(self.phrases.text(.labelExplains, ["domains": self.names(of: explained)]))
        }
        if !skimmed.isEmpty {
            let domains = ProfileSlice.Domain.allCases.filter(skimmed.contains)
            sentences.append(self.phrases.text(.labelSkims, ["domains": self.names(of: domains)]))
        }
        if self.slice.programming == .novice, self.hasCodeToRead { sentences.append(self.phrases.text(.labelWalks)) }
        return sentences
    }

    private var hasCodeToRead: Bool {
        self.readings.contains { section, reading in
            section.facts.hasProse && reading.blocks.contains { $0.fence?.isClosed == true }
        }
    }

    /// Whether any sentence of the lesson is divided for this slice.
    private var isDivided: Bool {
        self.readings.contains { section, reading in
            SectionSlice(self.slice, for: section.facts).dividesSentences(in: section.facts)
                && reading.blocks.contains {
                    let source = section.markdown[$0.range]
                    return $0.kind == .paragraph && SentenceSplitter.split(source)[...] != source
                }
        }
    }

    private func names(of domains: [ProfileSlice.Domain]) -> String {
        self.phrases.list(
            domains.map { domain in
                switch domain {
                case .robotics: self.phrases.text(.domainRobotics)
                case .ai: self.phrases.text(.domainAI)
                case .programming: self.phrases.text(.domainProgramming)
                }
            })
    }

    var educationKey: Phrases.Key {
        switch self.profile.educationLevel {
        case .highSchool: .educationHighSchool
        case .undergraduate: .educationUndergraduate
        case .graduate: .educationGraduate
        case .professional: .educationProfessional
        }
    }

    var closingKey: Phrases.Key {
        switch self.profile.educationLevel {
        case .highSchool: .closingHighSchool
        case .undergraduate: .closingUndergraduate
        case .graduate: .closingGraduate
        case .professional: .closingProfessional
        }
    }

    func goalParagraph(_ goal: LearningGoal) -> String {
        let key: Phrases.Key =
            switch goal {
            case .careerChange: .goalCareerChange
            case .research: .goalResearch
            case .hobby: .goalHobby
            case .teaching: .goalTeaching
            case .buildingProjects: .goalBuildingProjects
            }
        let terms = self.leadingTerms(limit: 2)
        let about = terms.isEmpty ? "" : self.phrases.text(.goalAbout, ["terms": self.phrases.list(terms)])
        return self.phrases.text(key, ["title": self.title, "about": about])
    }

    /// The terms that the lesson uses in most of its passages, the most widespread first.
    private func leadingTerms(limit: Int) -> [String] {
        var counts: [Int: Int] = [:]
        for passage in self.readings.flatMap(\.reading.passages) {
            for term in passage.terms { counts[term, default: 0] += 1 }
        }
        let ranked = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        // A basic word such as "robot" says little about a lesson on robots.
        let telling = ranked.filter { self.glossary.terms[$0.key].level != .basic }
        return (telling.isEmpty ? ranked : telling).prefix(limit).map { self.glossary.terms[$0.key].term }
    }

    /// The sentences that say most, one of a section.
    var keyPoints: String? {
        let points = self.readings.flatMap { section, reading in
            reading.passages.compactMap { $0.keyPoint(in: section.markdown, reading.blocks, self.glossary) }
        }.prefix(6)
        guard points.count >= 2 else { return nil }
        return self.phrases.text(.keyPoints) + "\n\n" + points.map { "- \($0)" }.joined(separator: "\n")
    }
}
