/// Parts and chapters with their numbers, titles and files, from what `book.yaml` plans and what folders there are.
struct BookOutline {
    struct PlannedChapter {
        var chapter: Chapter
        var lessonPaths: [String]
        /// The line in `book.yaml`, `nil` for a chapter that is not listed.
        var line: Int?
    }

    struct PlannedPart {
        var part: Part
        var chapters: [PlannedChapter]
        var line: Int?
    }

    private(set) var parts: [PlannedPart] = []
    private let tree: BookTree
    private let manifest: BookManifest
    private let hasManifest: Bool
    private var findings: [Finding] = []
    private var manifestName = ""

    /// Stands for a number that is not given and must be found.
    private static let unnumbered = -1

    init(tree: BookTree, manifest: BookManifest, hasManifest: Bool) {
        self.tree = tree
        self.manifest = manifest
        self.hasManifest = hasManifest
    }

    /// Fills ``parts``; returns what is wrong with the structure.
    mutating func resolve(manifestName: String) -> [Finding] {
        self.manifestName = manifestName
        var folders = self.tree.parts
        for entry in self.manifest.parts {
            let found = folders.firstIndex { $0.name == entry.folder }
            let folder = found.map { folders.remove(at: $0) }
            self.parts.append(self.listedPart(entry, folder: folder))
        }
        if !folders.isEmpty {
            for part in self.parts where self.isLost(part) {
                self.noteMissing("part", folder: part.part.folderName, line: part.line, instead: folders.map(\.name))
            }
        }
        for folder in folders {
            if self.hasManifest, !self.manifest.parts.isEmpty { self.noteUnlisted("part", folder.name) }
            self.parts.append(
                PlannedPart(
                    part: BookOutline.derivedPart(folder), chapters: folder.chapters.map(BookOutline.derivedChapter)))
        }
        self.numberParts()
        self.numberChapters()
        self.checkNames()
        return self.findings
    }

    private func isLost(_ part: PlannedPart) -> Bool {
        part.line != nil && !self.tree.parts.contains { $0.name == part.part.folderName }
    }

    private mutating func listedPart(_ entry: BookManifest.PartEntry, folder: BookTree.PartFolder?) -> PlannedPart {
        let name = entry.folder ?? folder?.name ?? FileName.slug(entry.title ?? "part-\(entry.number ?? 0)")
        let part = Part(
            number: entry.number ?? FileName.number(name) ?? BookOutline.unnumbered,
            title: entry.title ?? FileName.title(name),
            layer: entry.layer ?? .undeclared,
            tier: entry.tier ?? .undeclared,
            folderName: name,
            weekStart: entry.weeks.first,
            weekEnd: entry.weeks.last,
            chapters: [])
        var planned = PlannedPart(part: part, chapters: [], line: entry.line)
        var folders = folder?.chapters ?? []
        for chapter in entry.chapters {
            let found = folders.firstIndex { $0.name == chapter.folder }
            let folder = found.map { folders.remove(at: $0) }
            planned.chapters.append(self.listedChapter(chapter, folder: folder))
        }
        for chapter in planned.chapters where chapter.lessonPaths.isEmpty && !folders.isEmpty {
            self.noteMissing(
                "chapter", folder: chapter.chapter.folderName, line: chapter.line, instead: folders.map(\.name))
        }
        for folder in folders {
            if !entry.chapters.isEmpty { self.noteUnlisted("chapter", "\(name)/chapters/\(folder.name)") }
            planned.chapters.append(BookOutline.derivedChapter(folder))
        }
        return planned
    }

    private mutating func listedChapter(
        _ entry: BookManifest.ChapterEntry, folder: BookTree.ChapterFolder?
    ) -> PlannedChapter {
        let name = entry.folder ?? FileName.slug(entry.title ?? "chapter-\(entry.number ?? 0)")
        let lessons = folder?.lessons ?? []
        for file in entry.lessons
        where !lessons.contains(where: { $0.hasSuffix("/\(file)") || FileName.stem($0).hasSuffix("/\(file)") }) {
            self.findings.append(
                Finding(
                    .error, .missingFile, file: self.manifestName, line: entry.line,
                    message: "the lesson \(file) of \(name) is listed but not there",
                    advice: "add the file or take it off the list"))
        }
        let chapter = Chapter(
            number: entry.number ?? FileName.number(name) ?? BookOutline.unnumbered,
            localNumber: 0,
            title: entry.title ?? FileName.title(name),
            folderName: name,
            prerequisites: Array(Set(entry.prerequisites)).sorted(),
            transitionCheck: entry.transitionCheck)
        return PlannedChapter(chapter: chapter, lessonPaths: lessons, line: entry.line)
    }

    private static func derivedPart(_ folder: BookTree.PartFolder) -> Part {
        Part(
            number: FileName.number(folder.name) ?? self.unnumbered, title: FileName.title(folder.name),
            layer: .undeclared, tier: .undeclared, folderName: folder.name, chapters: [])
    }

    private static func derivedChapter(_ folder: BookTree.ChapterFolder) -> PlannedChapter {
        let chapter = Chapter(
            number: FileName.number(folder.name) ?? self.unnumbered, localNumber: 0,
            title: FileName.title(folder.name), folderName: folder.name)
        return PlannedChapter(chapter: chapter, lessonPaths: folder.lessons)
    }

    private mutating func numberParts() {
        self.noteDuplicates("part", self.parts.filter { $0.line != nil }.map { ($0.part.number, $0.line) })
        let numbers = self.parts.map(\.part.number)
        if !BookOutline.areUsable(numbers) {
            for index in self.parts.indices { self.parts[index].part.number = index + 1 }
        }
        self.parts.sort { $0.part.number < $1.part.number }
    }

    /// Chapter numbers count through the book. Folder names that begin anew in every part number it by place.
    private mutating func numberChapters() {
        let listed = self.parts.flatMap(\.chapters).filter { $0.line != nil }
        self.noteDuplicates("chapter", listed.map { ($0.chapter.number, $0.line) })
        let areUsable = BookOutline.areUsable(self.parts.flatMap(\.chapters).map(\.chapter.number))
        var next = 1
        for index in self.parts.indices {
            if areUsable { self.parts[index].chapters.sort { $0.chapter.number < $1.chapter.number } }
            for place in self.parts[index].chapters.indices {
                self.parts[index].chapters[place].chapter.localNumber = place + 1
                if !areUsable { self.parts[index].chapters[place].chapter.number = next }
                next += 1
            }
        }
    }

    private static func areUsable(_ numbers: [Int]) -> Bool {
        !numbers.contains(self.unnumbered) && Set(numbers).count == numbers.count
    }

    private mutating func checkNames() {
        let names = self.parts.flatMap { part in
            [(part.part.folderName, part.line)] + part.chapters.map { ($0.chapter.folderName, $0.line) }
        }
        for (name, line) in names {
            guard let problem = SafeName.problemWithSegment(name) else { continue }
            self.findings.append(
                Finding(
                    .error, .hostileName, file: line == nil ? "" : self.manifestName, line: line,
                    message: "a folder's name \(problem)", advice: "use letters, digits and hyphens"))
        }
    }

    private mutating func noteDuplicates(_ noun: String, _ entries: [(number: Int, line: Int?)]) {
        var seen: Set<Int> = []
        for (number, line) in entries where number != BookOutline.unnumbered && !seen.insert(number).inserted {
            self.findings.append(
                Finding(
                    .error, .duplicateNumber, file: self.manifestName, line: line,
                    message: "two \(noun)s have the number \(number)",
                    advice: "give each \(noun) its own number in the whole book"))
        }
    }

    private mutating func noteMissing(_ noun: String, folder: String, line: Int?, instead: [String]) {
        self.findings.append(
            Finding(
                .error, .missingFile, file: self.manifestName, line: line,
                message: "the folder \(folder) of a listed \(noun) is missing, while \(instead[0]) is not listed",
                advice: "correct the folder's name here or on disk"))
    }

    private mutating func noteUnlisted(_ noun: String, _ folder: String) {
        self.findings.append(
            Finding(
                .warning, .unlisted, file: self.manifestName, message: "the \(noun) folder \(folder) is not listed",
                advice: "list it; until then its number and title come from the folder's name"))
    }
}
