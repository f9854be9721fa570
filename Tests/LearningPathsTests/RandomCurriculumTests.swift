import FoundationEssentials
import Learners
import Testing
import Textbook

@testable import LearningPaths

@Suite struct RandomCurriculumTests {
    /// A generator that gives the same numbers for the same seed (SplitMix64).
    private struct Seeded: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            self.state &+= 0x9E37_79B9_7F4A_7C15
            var z = self.state
            z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
            return z ^ z >> 31
        }
    }

    /// Parts with chapters that wait for some of all the others without a cycle; a third of the chapters is empty.
    private func curriculum(_ random: inout Seeded) throws -> Curriculum {
        let count = Int.random(in: 2...12, using: &random)
        let order = Array(1...count).shuffled(using: &random)
        var parts: [Curriculum.Part] = []
        var number = 0
        while number < count {
            let ends = [Int.random(in: 1...5, using: &random), Int.random(in: 1...5, using: &random)].sorted()
            let tier = Tier.allCases.randomElement(using: &random) ?? .a2
            var chapters: [Curriculum.Chapter] = []
            for _ in 0..<Int.random(in: 1...4, using: &random) where number < count {
                number += 1
                let before = order[..<(order.firstIndex(of: number) ?? 0)]
                let needs = before.filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
                let isEmpty = Int.random(in: 0..<3, using: &random) == 0
                let lessons = isEmpty ? 0 : Int.random(in: 1...5, using: &random)
                chapters.append(
                    Curriculum.Chapter(
                        number: number, title: "C", prerequisites: Array(needs),
                        lessons: (0..<lessons).map { place in
                            Curriculum.Lesson(
                                id: "\(number).\(place)", slug: "\(number)-\(place)", title: "T",
                                type: [.lesson, .lesson, .lab, .summary, .index].randomElement(using: &random)
                                    ?? .lesson,
                                fit: GoalFit([.hobby: Int.random(in: 0...1_000, using: &random)]))
                        }))
            }
            parts.append(
                Curriculum.Part(
                    number: parts.count + 1, title: "P", layer: try #require(Layer(min: ends[0], max: ends[1])),
                    tier: tier, chapters: chapters))
        }
        return try Curriculum(parts: parts)
    }

    @Test(arguments: 0..<150)
    func nobodyIsEverAtADeadEnd(seed: UInt64) throws {
        var random = Seeded(state: seed)
        let curriculum = try self.curriculum(&random)
        let outlook = LearnerOutlook(Sample.profile([.hobby], programming: [.none, .advanced][Int(seed % 2)]))
        let walked = Sample.walk(curriculum, outlook)
        #expect(walked.sorted() == curriculum.lessons.indices.filter(curriculum.counts))
    }

    @Test(arguments: 0..<150)
    func finishingALessonTakesNoOtherOneAway(seed: UInt64) throws {
        var random = Seeded(state: seed)
        let curriculum = try self.curriculum(&random)
        var isCompleted = curriculum.lessons.map { _ in false }
        var ready = Set(ReadySet(curriculum, isCompleted: isCompleted).lessons)
        while let lesson = ready.sorted().randomElement(using: &random) {
            isCompleted[lesson] = true
            let next = Set(ReadySet(curriculum, isCompleted: isCompleted).lessons)
            #expect(next.isSuperset(of: ready.subtracting([lesson])) && !next.contains(lesson))
            ready = next
        }
        #expect(!isCompleted.contains(false))
    }

    @Test(arguments: 0..<50)
    func theSameRecordGivesTheSameListWhateverTheOrderOfItsRows(seed: UInt64) throws {
        var random = Seeded(state: seed)
        let curriculum = try self.curriculum(&random)
        var rows = curriculum.lessons.prefix(4).enumerated().map { place, lesson in
            (lesson.id, Sample.completed(daysAgo: Double(place * 10)))
        }
        func list() -> [Recommender.Recommendation] {
            var record = LearnerRecord(now: Sample.now, profile: nil)
            for (id, progress) in rows { record.progress[id] = progress }
            return Recommender(curriculum, record: record, outlook: LearnerOutlook(Sample.profile())).list
        }
        let first = list()
        rows.shuffle(using: &random)
        #expect(list() == first)
    }
}
