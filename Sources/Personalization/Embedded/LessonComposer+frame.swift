import Learners
import Textbook

extension LessonComposer {
    /// The paragraphs that stand before the text: the honest label, the framing, goals and key points.
    func frame(divided: Bool) -> [String] {
        var paragraphs = [self.label(divided: divided), self.phrases.text(self.educationKey)]
        paragraphs += self.profile.orderedGoals.map(self.goalParagraph)
        if self.slice.isExperienced, let points = self.keyPoints() { paragraphs.append(points) }
        return paragraphs
    }

    private func label(divided: Bool) -> String {
        var sentences = [
            self.phrases.text(.label, ["title": self.title]), self.phrases.text(divided ? .labelDivided : .labelKept),
        ]
        let found = Set(self.sections.flatMap(\.terms).map { self.glossary.terms[$0].domain })
        let explained = ProfileSlice.Domain.allCases.filter { found.contains($0) && self.slice.explains($0) }
        let skimmed = ProfileSlice.Domain.allCases.filter { domain in
            self.sections.contains {
                $0.isSkimmable(for: self.slice, self.glossary)
                    && $0.terms.contains { self.glossary.terms[$0].domain == domain }
            }
        }
        if !explained.isEmpty {
            sentences.append(self.phrases.text(.labelExplains, ["domains": self.names(of: explained)]))
        }
        if !skimmed.isEmpty {
            sentences.append(self.phrases.text(.labelSkims, ["domains": self.names(of: skimmed)]))
        }
        if self.slice.programming == .novice, self.blocks.contains(where: { $0.fence?.isClosed == true }) {
            sentences.append(self.phrases.text(.labelWalks))
        }
        if sentences.count == 2 { sentences.append(self.phrases.text(.labelEven)) }
        return "> " + sentences.joined(separator: " ")
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

    private var educationKey: Phrases.Key {
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

    private func goalParagraph(_ goal: LearningGoal) -> String {
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

    /// The terms that the lesson uses in most of its sections, the most widespread first.
    private func leadingTerms(limit: Int) -> [String] {
        var counts: [Int: Int] = [:]
        for section in self.sections {
            for term in section.terms { counts[term, default: 0] += 1 }
        }
        let ranked = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        // A basic word such as "robot" says little about a lesson on robots.
        let telling = ranked.filter { self.glossary.terms[$0.key].level != .basic }
        return (telling.isEmpty ? ranked : telling).prefix(limit).map { self.glossary.terms[$0.key].term }
    }

    private func keyPoints() -> String? {
        let points = self.sections.compactMap { $0.keyPoint(in: self.body, self.blocks, self.glossary) }.prefix(6)
        guard points.count >= 2 else { return nil }
        return self.phrases.text(.keyPoints) + "\n\n" + points.map { "- \($0)" }.joined(separator: "\n")
    }
}
