import SemanticIndex
import Testing
import Textbook

/// The embedder on its own, and on questions about the book that ships with the project.
@Suite struct HashingEmbedderTests {
    private let embedder = HashingEmbedder()

    private func similarity(_ left: String, _ right: String) -> Float {
        zip(self.embedder.vector(of: left), self.embedder.vector(of: right)).map { $0 * $1 }.reduce(0, +)
    }

    @Test(arguments: ["torque of a joint", "", "   ", "؟!", "the of and", "روبوٹ کیا ہے", "x", "\0\u{FFFD}"])
    func everyVectorHasLengthOne(text: String) {
        let vector = self.embedder.vector(of: text)
        #expect(vector.count == 512)
        #expect(abs(vector.map { $0 * $0 }.reduce(0, +) - 1) < 1e-5)
        #expect(vector == self.embedder.vector(of: text))
    }

    @Test func theVectorOfATextIsTheSameOnEveryMachine() {
        let vector = self.embedder.vector(of: "Passive walkers need no motors; گھٹنا اور کولہا")
        let expected = vector.enumerated().filter { $0.element != 0 }.prefix(4).map { "\($0.offset):\($0.element)" }
        #expect(expected == Self.recorded)
    }

    private static let recorded = ["3:0.06703695", "11:-0.0387038", "20:-0.06703695", "32:-0.193519"]

    @Test func inflectedWordsComeNear() {
        #expect(self.similarity("robots sensing forces", "a robot senses force") > 0.8)
        #expect(self.similarity("robots sensing forces", "payment terms of a contract") < 0.2)
    }

    @Test func misspeltAndCompoundWordsComeNearerThanOthers() {
        #expect(self.similarity("accelerometer", "accelerometr") > 0.2)
        #expect(self.similarity("accelerometer", "thermometer") < 0.2)
        #expect(self.similarity("روبوٹ بازو", "روبوٹ کے بازو") > 0.9)
    }

    struct Question: Sendable, CustomTestStringConvertible {
        var text: String
        var lesson: String
        var testDescription: String { self.text }
    }

    /// Questions in the words of the lessons, as a reader who half remembers would ask.
    static let simple: [Question] = [
        .init(text: "What is Moravec's paradox?", lesson: "ch01-embodiment-hypothesis"),
        .init(text: "symbol grounding problem", lesson: "ch01-embodiment-hypothesis"),
        .init(text: "Who has strong objections to the embodiment hypothesis?", lesson: "ch01-embodiment-hypothesis"),
        .init(text: "How does digital AI differ from physical AI?", lesson: "ch01-digital-vs-physical-ai"),
        .init(text: "robot plan meets a dusty floor", lesson: "ch01-digital-vs-physical-ai"),
        .init(text: "latency budget for braking before an obstacle", lesson: "ch01-real-world-constraints"),
        .init(text: "gap between the simulator and the real floor", lesson: "ch01-real-world-constraints"),
        .init(text: "adding a damper so that the robot stops swinging", lesson: "ch01-lab"),
        .init(text: "How do encoders round joint angles?", lesson: "ch02-how-robots-sense"),
        .init(text: "sensor fusion of two noisy readings", lesson: "ch02-how-robots-sense"),
        .init(text: "depth camera blind spots", lesson: "ch02-how-robots-sense"),
        .init(text: "calibration file for sensors", lesson: "ch02-how-robots-sense"),
        .init(text: "what do gears give and take", lesson: "ch02-actuators-and-movement"),
        .init(text: "torque of a lever arm", lesson: "ch02-actuators-and-movement"),
        .init(text: "motor heat and winding temperature", lesson: "ch02-actuators-and-movement"),
        .init(text: "degrees of freedom of links and joints", lesson: "ch02-humanoid-body-plan"),
        .init(text: "inverse kinematics: from position to joint angles", lesson: "ch02-humanoid-body-plan"),
        .init(text: "keep the tray level", lesson: "ch02-lab"),
        .init(text: "Why build robots with a human form?", lesson: "ch03-why-humanoid-form"),
        .init(text: "what does walking cost compared to wheels", lesson: "ch03-why-humanoid-form"),
        .init(text: "history of humanoid platforms in four steps", lesson: "ch03-current-platforms"),
        .init(text: "missing values in a data sheet", lesson: "ch03-current-platforms"),
        .init(text: "data shortage for training robots", lesson: "ch03-challenges-future"),
        .init(text: "choose a body for a job and score the candidates", lesson: "ch03-lab"),
    ]

    static func sampleChunks() throws -> [(slug: String, chunk: Chunk)] {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let folder = try BookFolder.read(root + "/Deploy/sample-book")
        let book = folder.reader().read().book
        var chunks: [(String, Chunk)] = []
        for part in book.parts {
            for chapter in part.chapters {
                for lesson in chapter.lessons {
                    let text = String(decoding: folder.files[lesson.sourcePath] ?? [], as: UTF8.self)
                    let breadcrumb = [part.title, chapter.title, lesson.title]
                    chunks += Chunker().chunks(of: text, breadcrumb: breadcrumb).map { (lesson.slug, $0) }
                }
            }
        }
        return chunks
    }

    @Test func simpleQuestionsFindTheirLessonFirst() async throws {
        let chunks = try Self.sampleChunks()
        let vectors = try await self.embedder.embed(chunks.map(\.chunk.embedText))
        var misses: [String] = []
        var late: [String] = []
        for question in Self.simple {
            let query = self.embedder.vector(of: question.text)
            let scores = vectors.map { zip($0, query).map { $0 * $1 }.reduce(0, +) }
            let best = scores.indices.sorted { scores[$0] > scores[$1] }.prefix(3)
            if let first = best.first, chunks[first].slug != question.lesson {
                let found = best.map { "\(chunks[$0].slug)/\(chunks[$0].chunk.sectionTitle) \(scores[$0])" }
                misses.append("\(question.text) → \(found.joined(separator: ", "))")
                if !best.contains(where: { chunks[$0].slug == question.lesson }) { late.append(question.text) }
            }
        }
        // One question may come second, so that an edit of the book does not break the build.
        #expect(misses.count <= 1, "\(misses)")
        #expect(late == [])
    }
}
