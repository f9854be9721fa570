/// Reads a book from the files of its folder: pure, so that a plan is the same wherever it is made.
///
/// The layout is `parts/{part}/chapters/{chapter}/lessons/{lesson}.md`; the part folders may also stand directly at
/// the root. `book.yaml` may name and order everything, and may plan parts and chapters that are not written yet.
/// What it leaves out is derived: numbers from names such as `01-…`, titles from the first heading of level 1 or from
/// names, slugs as `ch01-name`, minutes from the number of words.
public struct BookReader {
    /// How much a book may hold.
    public struct Limits: Sendable, Hashable {
        /// The most bytes one lesson may have.
        public var maximumLessonBytes = 1024 * 1024
        /// The most lessons a book may have.
        public var maximumLessons = 10_000

        /// The limits that hold unless others are given.
        public init() {}
    }

    let files: [String: [UInt8]]
    let otherPaths: Set<String>
    let fallbackSlug: String
    let limits: Limits
    var findings: [Finding] = []
    var manifest = BookManifest()
    var manifestName = "book.yaml"
    var hasManifest = false

    /// A reader of the given files.
    ///
    /// - Parameters:
    ///   - files: the bytes of Markdown and YAML files by their path relative to the book's root, `/` as separator.
    ///   - otherPaths: paths of files that are there but not read, such as images, for checking links.
    ///   - fallbackSlug: the book's slug where `book.yaml` gives none, such as the folder's name.
    public init(
        files: [String: [UInt8]], otherPaths: Set<String> = [], fallbackSlug: String = "book", limits: Limits = .init()
    ) {
        self.files = files
        self.otherPaths = otherPaths
        self.fallbackSlug = fallbackSlug
        self.limits = limits
    }

    /// Reads the book. Never fails: what cannot be used is left out and becomes a finding.
    public func read() -> BookReading {
        var reader = self
        return reader.readBook()
    }

    private mutating func readBook() -> BookReading {
        self.readManifest()
        let slug = self.bookSlug()
        let tree = BookTree(paths: self.files.keys, otherPaths: self.otherPaths)
        for path in tree.unplaced {
            self.note(
                .warning, .unplacedFile, file: path, message: "the file is in no chapter's lessons folder",
                advice: "move it to parts/{part}/chapters/{chapter}/lessons/, or start its name with _")
        }
        var outline = BookOutline(tree: tree, manifest: self.manifest, hasManifest: self.hasManifest)
        self.findings += outline.resolve(manifestName: self.manifestName)
        self.checkPrerequisites(outline.parts)

        var parts: [Part] = []
        var lessonCount = 0
        for planned in outline.parts {
            var part = planned.part
            for chapter in planned.chapters {
                let room = self.limits.maximumLessons - lessonCount
                let lessons = self.lessons(of: chapter, part: part, book: slug, room: room)
                lessonCount += lessons.count
                var written = chapter.chapter
                written.lessons = lessons
                part.chapters.append(written)
            }
            parts.append(part)
        }
        let title = self.manifest.title ?? FileName.title(slug)
        let book = Book(slug: slug, title: title, language: self.manifest.language ?? "en", parts: parts)
        self.checkSlugs(book)
        if lessonCount == 0 {
            self.note(
                .error, .emptyBook, file: "", message: "the book has no lessons",
                advice: "put Markdown files in parts/{part}/chapters/{chapter}/lessons/")
        }
        return BookReading(book: book, findings: self.findings.sorted())
    }

    mutating func note(
        _ severity: Finding.Severity, _ code: Finding.Code, file: String, line: Int? = nil, message: String,
        advice: String
    ) {
        self.findings.append(
            Finding(severity, code, file: file, line: line, message: message, advice: advice))
    }

    private mutating func readManifest() {
        guard let name = ["book.yaml", "book.yml"].first(where: { self.files[$0] != nil }),
            let bytes = self.files[name]
        else { return }
        self.manifestName = name
        do {
            self.manifest = try BookManifest(bytes)
            self.hasManifest = true
            for problem in self.manifest.problems {
                self.note(
                    .error, .badValue, file: name, line: problem.line, message: problem.message,
                    advice: "correct the value")
            }
        } catch {
            self.note(
                .error, .badManifest, file: name, line: error.line, message: error.message,
                advice: "correct the YAML; without it the book is read by its folders alone")
        }
    }

    private mutating func bookSlug() -> String {
        let fallback = FileName.slug(self.fallbackSlug)
        let safe = fallback.isEmpty || SafeName.problemWithSlug(fallback) != nil ? "book" : fallback
        guard let slug = self.manifest.slug else { return safe }
        guard let problem = slug.contains("/") ? "holds a slash" : SafeName.problemWithSlug(slug) else { return slug }
        self.note(
            .error, .hostileName, file: self.manifestName, message: "the book's slug \(problem)",
            advice: "use letters, digits and hyphens")
        return safe
    }

    private mutating func checkPrerequisites(_ parts: [BookOutline.PlannedPart]) {
        let chapters = parts.flatMap(\.chapters)
        let known = Set(chapters.map(\.chapter.number))
        var graph: [Int: [Int]] = [:]
        for planned in chapters {
            let chapter = planned.chapter
            graph[chapter.number, default: []] += chapter.prerequisites.filter(known.contains)
            for missing in chapter.prerequisites where !known.contains(missing) {
                self.note(
                    .error, .unknownPrerequisite, file: self.manifestName, line: planned.line,
                    message: "chapter \(chapter.number) needs chapter \(missing), which does not exist",
                    advice: "name a chapter by its number in the whole book")
            }
        }
        if let cycle = PrerequisiteGraph.cycle(graph) {
            let line = chapters.first { $0.chapter.number == cycle[0] }?.line
            self.note(
                .error, .prerequisiteCycle, file: self.manifestName, line: line,
                message: "chapters wait for each other: \(cycle.map(String.init).joined(separator: " → "))",
                advice: "remove one of these prerequisites")
        }
    }

    private mutating func checkSlugs(_ book: Book) {
        var first: [String: String] = [:]
        var keys: [String: String] = [:]
        for lesson in book.lessons {
            if let other = first[lesson.slug] {
                self.note(
                    .error, .duplicateSlug, file: lesson.sourcePath, line: 1,
                    message: "the slug \(lesson.slug) is taken by \(other)",
                    advice: "give one of them another slug in its front matter")
            } else if let other = keys[lesson.bucketPath] {
                self.note(
                    .error, .duplicateSlug, file: lesson.sourcePath, line: 1,
                    message: "the file and \(other) have the same name in the bucket", advice: "rename one of them")
            }
            first[lesson.slug] = first[lesson.slug] ?? lesson.sourcePath
            keys[lesson.bucketPath] = keys[lesson.bucketPath] ?? lesson.sourcePath
        }
    }
}
