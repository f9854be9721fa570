import ContentHashing

/// What it takes to turn one release of a book into the next, decided before anything is written.
public struct SyncPlan: Codable, Sendable, Hashable {
    /// A lesson and where it stands.
    public struct Placed: Codable, Sendable, Hashable {
        /// The number of its part.
        public var part: Int
        /// The number of its chapter.
        public var chapter: Int
        /// The lesson.
        public var lesson: Lesson
    }

    /// What happens to one lesson.
    public enum Kind: String, Codable, Sendable, Hashable, CaseIterable {
        /// It is new.
        case create
        /// Its text changed.
        case update
        /// Only facts about it changed, such as its title, number or chapter.
        case metadata
        /// It goes by another slug; its text may have changed as well.
        case rename
        /// It keeps its slug in another file or folder; its text may have changed as well.
        case move
        /// It is gone.
        case delete
        /// Nothing changed.
        case unchanged
    }

    /// One lesson's step.
    public struct Operation: Codable, Sendable, Hashable {
        /// What happens.
        public var kind: Kind
        /// The lesson in the active release, `nil` for `create`.
        public var old: Placed?
        /// The lesson in the new tree, `nil` for `delete`.
        public var new: Placed?

        /// The slug in the new tree, or the old one of a deleted lesson.
        public var slug: String { self.new?.lesson.slug ?? self.old?.lesson.slug ?? "" }

        /// Whether text must be uploaded and embedded anew.
        public var changesContent: Bool {
            self.new != nil && self.old?.lesson.contentHash != self.new?.lesson.contentHash
        }
    }

    /// The book's slug.
    public var bookSlug: String
    /// Every lesson's step, by slug.
    public var operations: [Operation]
    /// Whether the book's title or language, its parts, or its chapters changed.
    public var changesStructure: Bool
    /// Lessons in the active release.
    public var oldLessonCount: Int
    /// Lessons in the new tree.
    public var newLessonCount: Int
    /// SHA-256 over the new book's title, language, parts and chapters.
    public private(set) var structureHash: String
    /// SHA-256 over all of the above: what an operator approves. Two plans with the same hash do the same.
    public private(set) var hash: String

    /// The plan from the active release, `nil` for the first, to the book as read.
    public init(from old: Book?, to new: Book) {
        let before = old.map(SyncPlan.placed) ?? []
        let after = SyncPlan.placed(new)
        self.bookSlug = new.slug
        self.operations = LessonMatching(before, after).operations
        self.changesStructure = old.map(SyncPlan.structure) != SyncPlan.structure(new)
        self.oldLessonCount = before.count
        self.newLessonCount = after.count
        self.structureHash = SHA256Hex.of(SyncPlan.structureText(new))
        self.hash = ""
        self.hash = SHA256Hex.of(self.canonicalText)
    }

    /// Whether there is nothing to do.
    public var isEmpty: Bool {
        !self.changesStructure && self.operations.allSatisfy { $0.kind == .unchanged }
    }

    /// How many lessons take this step.
    public func count(_ kind: Kind) -> Int {
        self.operations.count { $0.kind == kind }
    }

    /// The most lessons one plan may delete without being told to: 5, or a tenth of the release if that is more.
    public var deletesAllowed: Int {
        max(5, self.oldLessonCount / 10)
    }

    /// Throws if carrying out the plan could lose a book.
    ///
    /// - Parameters:
    ///   - maximumDeletes: a number of deletes the operator allows instead of ``deletesAllowed``.
    ///   - approvedHash: the hash of the plan the operator approved. The plan must be that one, and may then delete
    ///     as many lessons as it names.
    public func guardAgainstLoss(maximumDeletes: Int? = nil, approvedHash: String? = nil) throws(SyncGuardError) {
        if let approvedHash, approvedHash != self.hash {
            throw SyncGuardError(
                code: .planChanged, message: "the approved plan is \(approvedHash), but this one is \(self.hash)")
        }
        guard self.newLessonCount > 0 else {
            throw SyncGuardError(code: .noLessons, message: "the new tree has no lessons")
        }
        let deletes = self.count(.delete)
        let allowed = maximumDeletes ?? self.deletesAllowed
        guard deletes <= allowed || approvedHash != nil else {
            throw SyncGuardError(
                code: .tooManyDeletes,
                message: "the plan deletes \(deletes) of \(self.oldLessonCount) lessons; \(allowed) are allowed")
        }
    }

    private static func placed(_ book: Book) -> [Placed] {
        book.parts.flatMap { part in
            part.chapters.flatMap { chapter in
                chapter.lessons.map { Placed(part: part.number, chapter: chapter.number, lesson: $0) }
            }
        }
    }

    private static func structure(_ book: Book) -> Book {
        var book = book
        for part in book.parts.indices {
            for chapter in book.parts[part].chapters.indices { book.parts[part].chapters[chapter].lessons = [] }
        }
        return book
    }

    /// A text with its length, so that no text can pass for a separator.
    private static func field(_ text: String) -> String {
        "\(text.utf8.count):\(text)"
    }

    private static func structureText(_ book: Book) -> String {
        var lines = ["book \(self.field(book.title)) \(self.field(book.language))"]
        for part in book.parts {
            let weeks = "\(part.weekStart ?? 0) \(part.weekEnd ?? 0)"
            let names = "\(self.field(part.title)) \(self.field(part.folderName))"
            lines.append("part \(part.number) \(part.layer) \(part.tier.rawValue) \(weeks) \(names)")
            for chapter in part.chapters {
                let numbers = "\(chapter.number) \(chapter.localNumber) \(chapter.prerequisites)"
                let check = chapter.transitionCheck.map(self.field) ?? "-"
                lines.append(
                    "chapter \(numbers) \(self.field(chapter.title)) \(self.field(chapter.folderName)) \(check)")
            }
        }
        return lines.joined(separator: "\n")
    }

    /// Every fact the plan acts on, one per line, in an order that depends on nothing else.
    private var canonicalText: String {
        let field = SyncPlan.field
        func facts(_ placed: Placed?) -> String {
            guard let placed else { return "-" }
            let lesson = placed.lesson
            let goals = lesson.goals.isEmpty ? [] : [field(lesson.goals.joined(separator: ","))]
            let members = [
                String(placed.part), String(placed.chapter), String(lesson.number), field(lesson.title),
                field(lesson.slug), lesson.type.rawValue, lesson.sha256, field(lesson.bucketPath),
                String(lesson.sidebarPosition), String(lesson.estimatedMinutes), field(lesson.sourcePath),
            ]
            return (members + goals).joined(separator: " ")
        }
        let head =
            "plan 1 \(field(self.bookSlug)) \(self.structureHash) \(self.changesStructure) \(self.oldLessonCount)"
        let lines = self.operations.map { "\($0.kind.rawValue) | \(facts($0.old)) | \(facts($0.new))" }
        return ([head] + lines).joined(separator: "\n")
    }
}

/// Why a plan must not be carried out.
public struct SyncGuardError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of refusals.
    public enum Code: String, Sendable, Hashable {
        case noLessons = "no_lessons"
        case tooManyDeletes = "too_many_deletes"
        case planChanged = "plan_changed"
    }

    /// What kind of refusal it is.
    public var code: Code
    /// What stands against it, for people.
    public var message: String

    /// The message.
    public var description: String { self.message }
}
