import FoundationEssentials
import Learners
import Textbook

@testable import LearningPaths

/// Curricula, records and profiles to try things on.
enum Sample {
    static let now = Date(timeIntervalSince1970: 1_800_000_000)

    /// By part: layer, tier and chapters with their prerequisites, as in the sample book.
    private static let outline: [(layer: String, tier: Tier, chapters: [(number: Int, title: String, needs: [Int])])] =
        [
            ("L1", .a2, [(1, "What Is Physical AI", []), (2, "Sensors", [1]), (3, "The Humanoid Landscape", [1])]),
            ("L2-L3", .b1, [(4, "ROS 2", [3]), (5, "Packages", [4]), (6, "URDF", [4]), (7, "Bridging", [5, 6])]),
            ("L2", .b2, [(8, "Digital Twins", [6]), (9, "Gazebo", [8]), (10, "Unity", [8]), (11, "Sensors", [9])]),
            ("L2-L3", .c1, [(12, "Isaac", [9]), (13, "Perception", [12]), (14, "Nav2", [13])]),
            ("L4", .c2, [(15, "Whisper", [7]), (16, "Planning", [15]), (17, "Multimodal", [16])]),
            ("L5", .c2, [(18, "Capstone", [14, 17])]),
        ]

    /// The sample book, three lessons and a lab in each written chapter.
    static func book(written: (Int) -> Bool = { _ in true }) throws -> Curriculum {
        let words = try GoalWords.bundled()
        return try Curriculum(
            parts: self.outline.enumerated().map { place, part in
                Curriculum.Part(
                    number: place + 1, title: "Part \(place + 1)", layer: try self.unwrap(Layer(part.layer)),
                    tier: part.tier,
                    chapters: part.chapters.map { chapter in
                        Curriculum.Chapter(
                            number: chapter.number, title: chapter.title, prerequisites: chapter.needs,
                            transitionCheck: "Do it yourself.",
                            lessons: written(chapter.number) ? self.lessons(chapter.number, words) : [])
                    })
            })
    }

    private static let headings = [
        ["Learning Objectives", "An Everyday Analogy"], ["Open Challenges", "Theory"],
        ["Platforms", "Industry and Jobs"],
        ["Build It", "Simulation Step by Step"],
    ]

    private static func lessons(_ chapter: Int, _ words: GoalWords) -> [Curriculum.Lesson] {
        (0..<4).map { number in
            let type: LessonType = number == 3 ? .lab : .lesson
            let minutes = 15 + 10 * number
            let headings = self.headings[(number + chapter) % 4]
            return Curriculum.Lesson(
                id: "\(chapter).\(number)", slug: "ch\(chapter)-\(number)", title: "Lesson \(chapter).\(number)",
                type: type, minutes: minutes, contentHash: "h", chunks: [1, 2, 3, 4, 5],
                fit: words.fit(title: "Lesson", headings: headings, type: type, minutes: minutes))
        }
    }

    private static func unwrap<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw PathError(.corruptRow, "nothing") }
        return value
    }

    /// A lesson completed `days` ago.
    static func completed(daysAgo days: Double = 0, stability: Double = 7) -> LessonProgress {
        let date = self.now.addingTimeInterval(-days * 86_400)
        return LessonProgress(
            state: .completed, startedAt: date, completedAt: date, lastAt: date, seconds: 600,
            schedule: ReviewSchedule(reviewedAt: date, stabilityDays: stability))
    }

    static func profile(
        _ goals: Set<LearningGoal> = [.hobby], programming: ProgrammingExperience = .none,
        ai: AIMLExperience = .none, education: EducationLevel = .highSchool, robotics: Bool = false
    ) -> LearnerProfile {
        LearnerProfile(
            educationLevel: education, programmingExperience: programming, roboticsBackground: robotics,
            aiMLExperience: ai, learningGoals: goals)
    }

    /// Reads whatever stands first until there is nothing more.
    /// - Returns: the lessons in the order in which they were read.
    static func walk(_ curriculum: Curriculum, _ outlook: LearnerOutlook) -> [Int] {
        var record = LearnerRecord(now: self.now, profile: nil)
        var walked: [Int] = []
        while let first = Recommender(curriculum, record: record, outlook: outlook).list.first,
            walked.count <= curriculum.lessons.count
        {
            walked.append(first.lesson)
            record.progress[curriculum.lessons[first.lesson].id] = self.completed()
        }
        return walked
    }
}
