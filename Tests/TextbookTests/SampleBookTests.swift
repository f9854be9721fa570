import Testing
import Textbook

/// The book that ships with the project, read from disk.
@Suite struct SampleBookTests {
    private static var folder: String {
        let tests = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return "/\(tests)/Deploy/sample-book"
    }

    @Test func theSampleBookReadsWithoutFindings() throws {
        let reading = try BookFolder.read(Self.folder).reader().read()
        #expect(reading.findings.map(\.description) == [])
        #expect(reading.book.slug == "robo-genesis-ai")
        #expect(reading.book.parts.count == 6)
        #expect(reading.book.chapters.map(\.number) == Array(1...18))
        #expect(reading.book.chapters.map(\.localNumber) == [1, 2, 3, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 1, 2, 3, 1])
        #expect(
            reading.book.lessons.map(\.slug) == [
                "ch01-digital-vs-physical-ai", "ch01-embodiment-hypothesis", "ch01-real-world-constraints", "ch01-lab",
                "ch02-how-robots-sense", "ch02-actuators-and-movement", "ch02-humanoid-body-plan", "ch02-lab",
                "ch03-why-humanoid-form", "ch03-current-platforms", "ch03-challenges-future", "ch03-lab",
            ])
        #expect(reading.book.lessons.map(\.number) == [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4])
        #expect(reading.book.lessons.count { $0.type == .lab } == 3)
    }
}
