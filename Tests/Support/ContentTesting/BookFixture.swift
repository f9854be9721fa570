public import Foundation

/// A small book that tests can change and write to a folder.
public struct BookFixture: Sendable {
    /// Texts by path below the book's root.
    public var files: [String: String] = [:]

    private static let chapters = "parts/01-Basics/chapters"

    /// A book of lessons `ch01-a`, `ch01-b` … with `count` lessons in each of the chapters.
    public init(chapters: Int = 2, lessons count: Int = 2, edition: String = "first") {
        self.files["book.yaml"] = """
            slug: fixture
            title: "A Fixture"
            language: en
            parts:
              - number: 1
                title: "Basics"
                layer: L1-L2
                tier: A2
                folder: 01-Basics
                weeks: [1, 2]
                chapters:
            """
        for chapter in 1...chapters {
            self.files["book.yaml"]? += """

                      - number: \(chapter)
                        title: "Chapter \(chapter)"
                        folder: 0\(chapter)-chapter
                        prerequisites: [\(chapter > 1 ? "\(chapter - 1)" : "")]
                        transition_check: "Say it \\u00e9."
                """
            for lesson in 1...count {
                let name = String("abcdefghij".dropFirst(lesson - 1).prefix(1))
                self.write(name, chapter: chapter, number: lesson, text: "Text \(name) of the \(edition) edition.")
            }
        }
        self.files["book.yaml"]? += "\n"
    }

    /// Where a lesson's file stands.
    public static func path(_ name: String, chapter: Int = 1, number: Int) -> String {
        "\(self.chapters)/0\(chapter)-chapter/lessons/0\(number)-\(name).md"
    }

    /// Adds a lesson or gives it another text.
    public mutating func write(_ name: String, chapter: Int = 1, number: Int, slug: String? = nil, text: String) {
        self.files[Self.path(name, chapter: chapter, number: number)] = """
            ---
            title: "Lesson \(name)"
            slug: \(slug ?? "ch0\(chapter)-\(name)")
            ---

            # Lesson \(name)

            \(text)

            ## A section

            More about \(name).

            """
    }

    /// Takes a lesson's file away.
    public mutating func remove(_ name: String, chapter: Int = 1, number: Int) {
        self.files[Self.path(name, chapter: chapter, number: number)] = nil
    }

    /// Writes the book into a new folder that is removed afterwards.
    nonisolated(nonsending) public func onDisk<T>(
        _ body: nonisolated(nonsending) (_ path: String) async throws -> T
    ) async throws -> T {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("lectern-book-\(UUID().uuidString)")
        try self.write(to: root)
        defer {
            // A folder left behind in the temporary directory harms nothing.
            try? FileManager.default.removeItem(at: root)
        }
        return try await body(root.path)
    }

    /// Makes the folder hold just this book.
    public func write(to root: URL) throws {
        if FileManager.default.fileExists(atPath: root.path) { try FileManager.default.removeItem(at: root) }
        for (path, text) in self.files {
            let file = root.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
    }
}
