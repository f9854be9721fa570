import Foundation
import Learners
import Testing

@testable import LearningPaths

/// What a dozen people are told to read, reviewed by people: `Golden/recommendations.txt` beside this file. A change of
/// the rules shows there as what it does to readers. `LECTERN_GOLDEN=write` writes the lists anew, for review.
@Suite struct GoldenListTests {
    private struct Person {
        let name: String
        let profile: LearnerProfile
        /// Chapters that are finished, long enough ago where it matters.
        var finished = 0
        var daysAgo = 0.0
        /// A lesson that was begun, and how many days ago.
        var begun: (id: String, daysAgo: Double)?
        var shown: [String: Int] = [:]
        /// Chapters that are not written.
        var unwritten: Set<Int> = []
    }

    private static let people: [Person] = [
        Person(name: "a beginner with a hobby, first visit", profile: Sample.profile([.hobby])),
        Person(
            name: "a beginner after part 1 who wants to build", profile: Sample.profile([.buildingProjects]),
            finished: 3),
        Person(
            name: "a teacher after chapter 1",
            profile: Sample.profile([.teaching], education: .professional), finished: 1),
        Person(
            name: "a changer of careers after chapter 1",
            profile: Sample.profile([.careerChange], programming: .beginner), finished: 1),
        Person(
            name: "a researcher after chapter 1",
            profile: Sample.profile([.research], ai: .advanced, education: .graduate), finished: 1),
        Person(
            name: "a researcher after part 2 whom part 3 does not hold",
            profile: Sample.profile(
                [.research], programming: .advanced, ai: .advanced, education: .graduate, robotics: true),
            finished: 7),
        Person(
            name: "a roboticist who may skim, first visit",
            profile: Sample.profile([.buildingProjects], programming: .intermediate, robotics: true)),
        Person(
            name: "somebody in the middle of chapter 3, whom chapter 2 waits for too",
            profile: Sample.profile([.hobby]), finished: 1, begun: ("3.0", 2)),
        Person(
            name: "somebody who was shown chapter 3 three times", profile: Sample.profile([.hobby]), finished: 1,
            shown: ["3.0": 3]),
        Person(
            name: "somebody who comes back to part 1 after forty days", profile: Sample.profile([.hobby]),
            finished: 3, daysAgo: 40),
        Person(
            name: "somebody before chapter 5, which is not written",
            profile: Sample.profile([.buildingProjects, .careerChange], programming: .beginner), finished: 4,
            unwritten: [5]),
        Person(
            name: "somebody who finished all that is written", profile: Sample.profile([.hobby]), finished: 3,
            unwritten: Set(4...18)),
        Person(
            name: "somebody who wants everything, after chapter 9",
            profile: Sample.profile(Set(LearningGoal.allCases), programming: .intermediate, ai: .basic), finished: 9),
    ]

    private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Golden/recommendations.txt")

    private static func list(_ person: Person, _ texts: ReasonTexts) throws -> String {
        let curriculum = try Sample.book { !person.unwritten.contains($0) }
        var record = LearnerRecord(now: Sample.now, profile: person.profile, shown: person.shown)
        for lesson in curriculum.lessons where curriculum.lesson(id: lesson.id) != nil {
            let chapter = Int(lesson.id.prefix { $0 != "." }) ?? 0
            if chapter <= person.finished { record.progress[lesson.id] = Sample.completed(daysAgo: person.daysAgo) }
        }
        if let begun = person.begun {
            let at = Sample.now.addingTimeInterval(-begun.daysAgo * 86_400)
            record.progress[begun.id] = LessonProgress(startedAt: at, lastAt: at, seconds: 300)
        }
        let recommender = Recommender(curriculum, record: record, outlook: LearnerOutlook(person.profile))
        var lines = ["## \(person.name)"]
        for (place, entry) in recommender.list.prefix(5).enumerated() {
            let reasons = recommender.reasons(for: entry)
            let codes = reasons.map(\.code.rawValue).joined(separator: " ")
            let sentence = reasons.first.map { texts.text($0, in: .en) } ?? ""
            lines.append(
                "\(place + 1). \(curriculum.lessons[entry.lesson].id) \(entry.kind) \(entry.score.total) \(codes)")
            lines.append("   \(sentence)")
        }
        if let reason = recommender.emptiness { lines.append("   \(texts.text(reason, in: .en))") }
        return lines.joined(separator: "\n")
    }

    @Test func theListsAreTheOnesThatWereReviewed() throws {
        let texts = try ReasonTexts.bundled()
        let lists = try Self.people.map { try Self.list($0, texts) }.joined(separator: "\n\n") + "\n"
        if ProcessInfo.processInfo.environment["LECTERN_GOLDEN"] == "write" {
            try lists.write(to: Self.file, atomically: true, encoding: .utf8)
        }
        let reviewed = try String(contentsOf: Self.file, encoding: .utf8)
        for (list, expected) in zip(lists.split(separator: "\n\n"), reviewed.split(separator: "\n\n")) {
            #expect(list == expected)
        }
        #expect(lists == reviewed)
    }
}
