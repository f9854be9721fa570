/// The folders of a book, from the paths of its files.
struct BookTree {
    struct ChapterFolder {
        var name: String
        /// Paths of the Markdown files in `lessons/`.
        var lessons: [String] = []
    }

    struct PartFolder {
        var name: String
        var chapters: [ChapterFolder] = []
    }

    /// Parts and chapters in the order of their names, numbers counting as numbers.
    private(set) var parts: [PartFolder] = []
    /// Markdown files inside the parts that are in no lessons folder.
    private(set) var unplaced: [String] = []

    init(paths: some Collection<String>, otherPaths: Set<String>) {
        let hasPartsFolder = paths.contains { $0.hasPrefix("parts/") } || otherPaths.contains { $0.hasPrefix("parts/") }
        var folders: [String: [String: [String]]] = [:]
        for path in paths.sorted() {
            var segments = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            if hasPartsFolder {
                guard segments.first == "parts" else { continue }
                segments.removeFirst()
            }
            guard !segments.contains(where: { $0.hasPrefix("_") || $0.hasPrefix(".") && $0 != ".." }) else { continue }
            guard let file = segments.last, FileName.isMarkdown(file), segments.count > 1 else { continue }
            guard segments.count == 5, segments[1] == "chapters", segments[3] == "lessons" else {
                // Without a parts folder, other folders at the root are none of the book's.
                if hasPartsFolder || segments.contains("chapters") { self.unplaced.append(path) }
                continue
            }
            folders[segments[0], default: [:]][segments[2], default: []].append(path)
        }
        self.parts = folders.keys.sorted(by: BookTree.isOrdered).map { part in
            let chapters = folders[part] ?? [:]
            return PartFolder(
                name: part,
                chapters: chapters.keys.sorted(by: BookTree.isOrdered).map {
                    ChapterFolder(name: $0, lessons: chapters[$0] ?? [])
                })
        }
    }

    private static func isOrdered(_ left: String, _ right: String) -> Bool {
        (FileName.number(left) ?? Int.max, left) < (FileName.number(right) ?? Int.max, right)
    }
}
