import FoundationEssentials
import Textbook

/// A learner's place in a curriculum, as far as no answer of theirs changes it.
struct Situation: Sendable {
    let curriculum: Curriculum
    let standpoint: Standpoint
    let ready: ReadySet
    let gate: LayerGate
    /// Ready and in an open layer. Where no layer with a ready lesson is open, the lowest of them counts as open, so that
    /// nobody is ever at a dead end.
    let open: [Int]
    /// Ready, and above the open layers.
    let above: [Int]
    /// Completed lessons that are due, those first on which nothing completed builds, then the most faded.
    let reviews: [Recommender.Recommendation]
    /// The lesson to go on with in the chapter that is being read.
    let nextLesson: Int?
    /// By ready lesson: how many of the remaining lessons wait for it, near and far.
    let opens: [Int: Int]

    init(_ curriculum: Curriculum, _ record: LearnerRecord) {
        let standpoint = Standpoint(curriculum, record)
        let ready = ReadySet(curriculum, isCompleted: standpoint.isCompleted)
        let gate = LayerGate(curriculum, isCompleted: standpoint.isCompleted)
        let lessons = ready.lessons.filter(curriculum.counts)
        var isOpen = lessons.map { gate.admits(curriculum.part(of: $0).layer) }
        if !isOpen.contains(true), let lowest = lessons.map({ curriculum.part(of: $0).layer.min }).min() {
            isOpen = lessons.map { curriculum.part(of: $0).layer.min == lowest }
        }
        self.curriculum = curriculum
        self.standpoint = standpoint
        self.ready = ready
        self.gate = gate
        self.open = zip(lessons, isOpen).filter(\.1).map(\.0)
        self.above = zip(lessons, isOpen).filter { !$0.1 }.map(\.0)
        self.reviews = Self.reviews(curriculum, standpoint)
        self.nextLesson = standpoint.currentChapter.flatMap { chapter in
            lessons.first { curriculum.chapterOfLesson[$0] == chapter }
        }
        var remaining = [Int](repeating: 0, count: curriculum.chapters.count)
        for lesson in standpoint.remaining { remaining[curriculum.chapterOfLesson[lesson]] += 1 }
        self.opens = Dictionary(
            lessons.map { ($0, Self.opens($0, curriculum, standpoint, remaining: remaining)) },
            uniquingKeysWith: { first, _ in first })
    }

    /// - Parameter remaining: by chapter, lessons that remain in it.
    private static func opens(
        _ lesson: Int, _ curriculum: Curriculum, _ standpoint: Standpoint, remaining: [Int]
    ) -> Int {
        let chapter = curriculum.chapterOfLesson[lesson]
        guard [.lesson, .lab].contains(curriculum.lessons[lesson].type) else { return 0 }
        let later = ((lesson + 1)..<curriculum.lessonsOfChapter[chapter].upperBound).count {
            curriculum.counts($0) && !standpoint.isCompleted[$0]
        }
        return curriculum.graph.followers[chapter].reduce(later) { $0 + remaining[$1] }
    }

    private static func reviews(_ curriculum: Curriculum, _ standpoint: Standpoint) -> [Recommender.Recommendation] {
        let due = curriculum.lessons.indices.filter { lesson in
            guard curriculum.counts(lesson), let progress = standpoint.progress[lesson],
                progress.state == .completed
            else { return false }
            return progress.isOutdated(by: curriculum.lessons[lesson].chunks)
                || progress.schedule?.isDue(at: standpoint.now) ?? false
        }
        guard !due.isEmpty else { return [] }
        let hasCompleted = curriculum.chapters.indices.map { chapter in
            curriculum.lessonsOfChapter[chapter].contains { standpoint.isCompleted[$0] }
        }
        func isInner(_ lesson: Int) -> Bool {
            let chapter = curriculum.chapterOfLesson[lesson]
            let later = (lesson + 1)..<curriculum.lessonsOfChapter[chapter].upperBound
            return !later.contains { curriculum.counts($0) && standpoint.isCompleted[$0] }
                && !curriculum.graph.followers[chapter].contains { hasCompleted[$0] }
        }
        func recall(_ lesson: Int) -> Double {
            standpoint.progress[lesson]?.schedule?.recall(at: standpoint.now) ?? 0
        }
        let keyed = due.map { (lesson: $0, key: (isInner($0) ? 0 : 1, recall($0), $0)) }
        return keyed.sorted { $0.key < $1.key }.map {
            Recommender.Recommendation(lesson: $0.lesson, kind: .review, score: RecommendationScore())
        }
    }
}
