import Textbook

/// How the chapters of a book depend on one another, with chapters that have nothing to finish looked through: what
/// such a chapter needs, those need that wait for it.
struct ChapterGraph: Sendable {
    /// By chapter: its lessons and labs, which must be finished before what waits for it opens.
    let required: [[Int]]
    /// By chapter: the chapters to finish first, ascending; each has something to finish.
    let needs: [[Int]]
    /// By chapter: numbers of chapters that it needs and that the book does not have.
    let missing: [[Int]]
    /// By chapter: the chapters that wait for it, near and far, ascending.
    let followers: [[Int]]

    init(_ chapters: [Curriculum.Chapter]) throws(CurriculumError) {
        let places = Dictionary(
            chapters.enumerated().map { ($1.number, $0) }, uniquingKeysWith: { first, _ in first })
        let named = Dictionary(
            chapters.map { ($0.number, $0.prerequisites) }, uniquingKeysWith: { first, _ in first })
        if let cycle = PrerequisiteGraph.cycle(named) { throw CurriculumError(cycle: cycle) }

        var first = 0
        self.required = chapters.map { chapter in
            defer { first += chapter.lessons.count }
            return chapter.lessons.indices.filter { [.lesson, .lab].contains(chapter.lessons[$0].type) }
                .map { first + $0 }
        }
        var needs = [Set<Int>](repeating: [], count: chapters.count)
        var missing = needs
        var followers = needs
        let order = Self.order(chapters, places: places)
        for chapter in order {
            for number in chapters[chapter].prerequisites {
                guard let needed = places[number] else {
                    missing[chapter].insert(number)
                    continue
                }
                if self.required[needed].isEmpty {
                    needs[chapter].formUnion(needs[needed])
                    missing[chapter].formUnion(missing[needed])
                } else {
                    needs[chapter].insert(needed)
                }
            }
        }
        for chapter in order.reversed() {
            for needed in needs[chapter] { followers[needed].formUnion(followers[chapter].union([chapter])) }
        }
        self.needs = needs.map { $0.sorted() }
        self.missing = missing.map { $0.sorted() }
        self.followers = followers.map { $0.sorted() }
    }

    /// Every chapter after those it needs. There is no cycle.
    private static func order(_ chapters: [Curriculum.Chapter], places: [Int: Int]) -> [Int] {
        var open = chapters.map { Set($0.prerequisites.compactMap { places[$0] }).count }
        var waiting = [[Int]](repeating: [], count: chapters.count)
        for (place, chapter) in chapters.enumerated() {
            for needed in Set(chapter.prerequisites.compactMap({ places[$0] })) { waiting[needed].append(place) }
        }
        var order = chapters.indices.filter { open[$0] == 0 }
        var next = 0
        while next < order.count {
            for place in waiting[order[next]] {
                open[place] -= 1
                if open[place] == 0 { order.append(place) }
            }
            next += 1
        }
        return order
    }
}
