import ContentHashing

extension BookReader {
    /// The lessons of one chapter in reading order.
    mutating func lessons(of planned: BookOutline.PlannedChapter, part: Part, book: String, room: Int) -> [Lesson] {
        var lessons: [(lesson: Lesson, hasNumber: Bool)] = []
        for path in planned.lessonPaths {
            guard let bytes = self.files[path] else { continue }
            guard lessons.count < room else {
                self.note(
                    .error, .oversize, file: path,
                    message: "the book has more than \(self.limits.maximumLessons) lessons", advice: "split the book")
                break
            }
            guard self.isAcceptable(bytes, path: path) else { continue }
            lessons.append(self.lesson(path, bytes, chapter: planned.chapter, part: part, book: book))
        }
        lessons.sort { left, right in
            let leftNumber = left.hasNumber ? left.lesson.number : Int.max
            let rightNumber = right.hasNumber ? right.lesson.number : Int.max
            return (leftNumber, left.lesson.sourcePath) < (rightNumber, right.lesson.sourcePath)
        }
        self.noteDuplicateNumbers(lessons.filter(\.hasNumber).map(\.lesson))
        // Numbers that repeat or are missing give way to the place in the chapter.
        let numbers = lessons.map(\.lesson.number)
        let areUsable = lessons.allSatisfy(\.hasNumber) && Set(numbers).count == numbers.count
        return lessons.enumerated().map { place, entry in
            var lesson = entry.lesson
            if !areUsable { lesson.number = place + 1 }
            if lesson.sidebarPosition == BookReader.positionFromNumber { lesson.sidebarPosition = lesson.number }
            return lesson
        }
    }

    private static let positionFromNumber = Int.min

    private mutating func noteDuplicateNumbers(_ lessons: [Lesson]) {
        for (left, right) in zip(lessons, lessons.dropFirst()) where left.number == right.number {
            self.note(
                .warning, .duplicateNumber, file: right.sourcePath, line: 1,
                message: "the number \(right.number) is taken by \(left.sourcePath)",
                advice: "number the chapter's lessons 1, 2, 3 by file name or front matter")
        }
    }

    private mutating func isAcceptable(_ bytes: [UInt8], path: String) -> Bool {
        if let problem = path.split(separator: "/").last.flatMap({ SafeName.problemWithSegment(String($0)) }) {
            self.note(
                .error, .hostileName, file: path, message: "the file's name \(problem)",
                advice: "use letters, digits and hyphens")
            return false
        }
        if bytes.count > self.limits.maximumLessonBytes {
            self.note(
                .error, .oversize, file: path,
                message: "the file has \(bytes.count) bytes; \(self.limits.maximumLessonBytes) are allowed",
                advice: "split the lesson")
            return false
        }
        if let place = UTF8Check.firstInvalid(bytes) {
            let line = 1 + bytes[..<place].count { $0 == .lineFeed }
            self.note(
                .error, .notUTF8, file: path, line: line, message: "the file is not UTF-8 at byte \(place)",
                advice: "save it as UTF-8")
            return false
        }
        return true
    }

    private mutating func lesson(
        _ path: String, _ bytes: [UInt8], chapter: Chapter, part: Part, book: String
    ) -> (lesson: Lesson, hasNumber: Bool) {
        let frontMatter = self.frontMatter(path, bytes)
        let blocks = BlockScanner.scan(bytes)
        self.findings += LessonLint(path: path, bytes: bytes, blocks: blocks).findings(isKnown: self.isKnownPath)
        let fileName = path.split(separator: "/").last.map(String.init) ?? path
        let number = frontMatter.number ?? FileName.number(FileName.stem(fileName))
        let sha256 = SHA256Hex.of(bytes)
        let lesson = Lesson(
            number: number ?? 0,
            title: self.title(frontMatter, blocks: blocks, path: path, fileName: fileName),
            slug: self.slug(frontMatter, path: path, fileName: fileName, chapter: chapter),
            type: frontMatter.type ?? self.type(fileName),
            contentHash: ContentHash(of: bytes),
            sha256: sha256,
            bucketPath: ObjectKey.lesson(
                book: book, partFolder: part.folderName, chapterFolder: chapter.folderName,
                file: FileName.stem(fileName) + ".md"),
            sidebarPosition: frontMatter.sidebarPosition ?? BookReader.positionFromNumber,
            estimatedMinutes: frontMatter.estimatedMinutes
                ?? ReadingTime.minutes(words: ReadingTime.words(bytes, from: frontMatter.bodyOffset)),
            goals: frontMatter.goals,
            sizeBytes: bytes.count,
            sourcePath: path)
        return (lesson, number != nil)
    }

    private mutating func frontMatter(_ path: String, _ bytes: [UInt8]) -> FrontMatter {
        do {
            let frontMatter = try FrontMatter(of: bytes)
            for problem in frontMatter.problems {
                self.note(
                    .error, .badValue, file: path, line: problem.line, message: problem.message,
                    advice: "correct the value in the front matter")
            }
            return frontMatter
        } catch {
            self.note(
                .error, .badFrontMatter, file: path, line: error.line, message: error.message,
                advice: "correct the YAML between the two --- lines")
            return FrontMatter()
        }
    }

    private mutating func title(
        _ frontMatter: FrontMatter, blocks: [Block], path: String, fileName: String
    ) -> String {
        if let title = frontMatter.title { return title }
        if let heading = blocks.lazy.compactMap(\.heading).first(where: { $0.level == 1 && !$0.text.isEmpty }) {
            return String(InlineText.plain(String(heading.text.prefix(2_000))).prefix(300))
        }
        self.note(
            .warning, .missingTitle, file: path, line: 1,
            message: "the lesson has no title, neither in its front matter nor as a # heading",
            advice: "add title: to the front matter")
        return FileName.title(fileName)
    }

    private mutating func slug(
        _ frontMatter: FrontMatter, path: String, fileName: String, chapter: Chapter
    ) -> String {
        let digits = String(chapter.number)
        let prefix = "ch" + String(repeating: "0", count: max(0, 2 - digits.count)) + digits
        let name = FileName.slug(fileName)
        let derived = name.isEmpty ? prefix : "\(prefix)-\(name)"
        let slug = frontMatter.slug ?? derived
        guard let problem = SafeName.problemWithSlug(slug) else { return slug }
        self.note(
            .error, .hostileName, file: path, line: 1, message: "the slug \(problem)",
            advice: "use letters, digits and hyphens, at most \(SafeName.maximumBytes) bytes")
        return SafeName.problemWithSlug(derived) == nil ? derived : prefix
    }

    private func type(_ fileName: String) -> LessonType {
        let name = FileName.slug(fileName)
        if name == "lab" || name.hasPrefix("lab-") || name.hasSuffix("-lab") { return .lab }
        if name == "summary" || name.hasSuffix("-summary") { return .summary }
        return name == "index" || name == "readme" ? .index : .lesson
    }

    private func isKnownPath(_ path: String) -> Bool {
        self.files[path] != nil || self.otherPaths.contains(path)
    }
}
