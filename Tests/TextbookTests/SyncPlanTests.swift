import ContentHashing
import ServerTesting
import Testing
import Textbook

@Suite struct SyncPlanTests {
    private static func book(_ lessons: [(file: String, text: String)], chapterTitle: String = "C") -> Book {
        let files = Dictionary(
            uniqueKeysWithValues: lessons.map {
                ("parts/01-p/chapters/01-c/lessons/\($0.file).md", Array($0.text.utf8))
            })
        var book = BookReader(files: files, fallbackSlug: "b").read().book
        if !book.parts.isEmpty { book.parts[0].chapters[0].title = chapterTitle }
        return book
    }

    private static func kinds(_ plan: SyncPlan) -> [String] {
        plan.operations.filter { $0.kind != .unchanged }.map { "\($0.kind.rawValue) \($0.slug)" }
    }

    private static let old = book([("01-a", "# A"), ("02-b", "# B"), ("03-c", "# C")])

    @Test func aFirstReleaseCreatesEverything() {
        let plan = SyncPlan(from: nil, to: Self.old)
        #expect(Self.kinds(plan) == ["create ch01-a", "create ch01-b", "create ch01-c"])
        #expect(plan.changesStructure)
    }

    @Test func theSameTreeChangesNothing() {
        let plan = SyncPlan(from: Self.old, to: Self.old)
        #expect(plan.isEmpty)
        #expect(plan.hash == SyncPlan(from: Self.old, to: Self.old).hash)
    }

    private static let changes: [(lessons: [(file: String, text: String)], kinds: [String])] = [
        ([("01-a", "# A2"), ("02-b", "# B"), ("03-c", "# C")], ["update ch01-a"]),
        ([("01-a", "# A"), ("02-b", "# B")], ["delete ch01-c"]),
        ([("01-a", "# A"), ("02-b", "# B"), ("03-d", "# C")], ["rename ch01-d"]),
        ([("01-a", "# A"), ("02-b", "# B"), ("04-c", "# C")], ["move ch01-c"]),
        ([("01-a", "# A"), ("02-b", "# B"), ("03-c", "---\nslug: new\n---\n# C")], ["rename new"]),
        ([("01-a", "# A"), ("02-b", "# B"), ("03-c", "# C"), ("04-d", "# D")], ["create ch01-d"]),
        ([("01-b", "# B"), ("02-a", "# A"), ("03-c", "# C")], ["move ch01-a", "move ch01-b"]),
    ]

    @Test(arguments: changes.indices)
    func eachChangeIsTheSmallestStep(index: Int) {
        let plan = SyncPlan(from: Self.old, to: Self.book(Self.changes[index].lessons))
        #expect(Self.kinds(plan) == Self.changes[index].kinds)
    }

    @Test func aChangedChapterChangesTheStructureAndTheHash() {
        let first = SyncPlan(
            from: Self.old, to: Self.book([("01-a", "# A"), ("02-b", "# B"), ("03-c", "# C")], chapterTitle: "D"))
        let second = SyncPlan(
            from: Self.old, to: Self.book([("01-a", "# A"), ("02-b", "# B"), ("03-c", "# C")], chapterTitle: "E"))
        #expect(first.changesStructure && !first.isEmpty)
        #expect(first.hash != second.hash)
    }

    @Test func aMovedLessonUploadsNothing() {
        let plan = SyncPlan(from: Self.old, to: Self.book([("01-a", "# A"), ("02-b", "# B"), ("04-c", "# C")]))
        #expect(plan.operations.allSatisfy { !$0.changesContent })
    }

    @Test func everyLessonOfBothTreesIsInThePlanOnce() {
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<300 {
            func tree() -> Book {
                var names = Set<String>()
                let lessons = (0..<generator.below(8)).compactMap { _ -> (file: String, text: String)? in
                    let name = "0\(generator.below(9))-\(generator.pick(["a", "b", "c", "d"]))"
                    return names.insert(name).inserted ? (name, "# \(generator.below(5))") : nil
                }
                return Self.book(lessons)
            }
            let (old, new) = (tree(), tree())
            let plan = SyncPlan(from: old, to: new)
            #expect(
                plan.operations.compactMap(\.old?.lesson.sourcePath).sorted() == old.lessons.map(\.sourcePath).sorted())
            #expect(
                plan.operations.compactMap(\.new?.lesson.sourcePath).sorted() == new.lessons.map(\.sourcePath).sorted())
            #expect(SyncPlan(from: new, to: new).isEmpty)
        }
    }

    @Test func aTreeWithoutLessonsIsRefused() {
        let plan = SyncPlan(from: Self.old, to: Self.book([]))
        #expect(throws: SyncGuardError.self) { try plan.guardAgainstLoss(maximumDeletes: 100, approvedHash: plan.hash) }
    }

    @Test func manyDeletesAreRefusedUnlessAllowedByNumberOrByHash() throws {
        let many = (10..<80).map { (file: "\($0)-x\($0)", text: "# L\($0)") }
        let plan = SyncPlan(from: Self.book(many), to: Self.book(Array(many.dropLast(8))))
        #expect(plan.count(.delete) == 8)
        #expect(plan.deletesAllowed == 7)
        #expect(throws: SyncGuardError.self) { try plan.guardAgainstLoss() }
        #expect(throws: SyncGuardError.self) { try plan.guardAgainstLoss(maximumDeletes: 7) }
        #expect(throws: SyncGuardError.self) { try plan.guardAgainstLoss(approvedHash: "0") }
        try plan.guardAgainstLoss(maximumDeletes: 8)
        try plan.guardAgainstLoss(approvedHash: plan.hash)
        try SyncPlan(from: Self.book(many), to: Self.book(Array(many.dropLast(7)))).guardAgainstLoss()
    }
}
