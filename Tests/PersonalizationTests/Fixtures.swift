import Foundation
import Learners
import Personalization
import Textbook

/// Lessons and profiles that many tests share.
enum Fixtures {
    /// A lesson with everything that must survive: front matter, code in every place, tables, warnings, links, numbers.
    static let lesson = LessonSource(
        title: "Sensors and Balance",
        markdown: Array(
            """
            ---
            title: Sensors and Balance
            ---

            # Sensors and Balance {#top}

            A humanoid reads its IMU at 1,000 Hz and corrects its posture within 50 ms; it does so with no help from \
            the cameras, because pictures of the world arrive far too late for a body that has already begun to fall. \
            See [the paper](https://example.org/a_(b).html "Paper") and ![a plot](./plot.png).

            ## How a Sensor Works

            Every sensor turns a quantity into a signal. The cost is about $16k for 33 DOF:

            ```python
            # Read the angle of one joint.
            import math

            LIMIT = 30  # degrees either way

            def read_angle(raw: int) -> float:
                # The encoder counts 4096 ticks per turn.
                if raw < 0:
                    return 0.0
                return raw / 4096 * 2 * math.pi
            ```

            | Part | Mass |
            |---|---|
            | IMU | 12 g |
            | LiDAR | 0.8 kg |

            1. Install the package:

               ```bash
               pip install robot  # no ``` here
               ```

            2. Start it.

            :::warning Hot motors
            Motors reach 80 °C. Let them cool for 10 min.

            ```text
            DANGER
            ```
            :::

            ## Reinforcement learning {#rl}

            Robots learn gaits by reinforcement learning in simulation, then on hardware.

                indented code

            ## Summary

            - Sensors measure; actuators move.
            - A control loop joins them at 200 Hz.

            > Quoted text with a machine learning claim of 95 %.

            """.utf8))

    static func profile(
        _ slice: ProfileSlice, education: EducationLevel = .undergraduate,
        goals: Set<LearningGoal> = [.hobby]
    ) -> LearnerProfile {
        let programming: ProgrammingExperience =
            switch slice.programming {
            case .novice: .none
            case .intermediate: .intermediate
            case .advanced: .advanced
            }
        return LearnerProfile(
            educationLevel: education, programmingExperience: programming, roboticsBackground: slice.knowsRobotics,
            aiMLExperience: slice.knowsAI ? .advanced : .none, learningGoals: goals, preferredLanguage: slice.language)
    }

    /// The lessons of the sample book, by their path; empty only when the folder is missing.
    static func sampleBook() throws -> [(path: String, lesson: LessonSource)] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Deploy/sample-book")
        guard let files = FileManager.default.enumerator(atPath: root.path) else { return [] }
        return try files.compactMap { $0 as? String }.filter { $0.hasSuffix(".md") && $0.contains("/lessons/") }
            .sorted()
            .map { path in
                let bytes = [UInt8](try Data(contentsOf: root.appending(path: path)))
                let title = BlockScanner.headings(bytes).first?.heading?.text ?? path
                return (path, LessonSource(title: title, markdown: bytes))
            }
    }
}
