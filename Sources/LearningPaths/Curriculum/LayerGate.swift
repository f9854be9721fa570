public import Textbook

/// Keeps learners from layers far above what they have finished.
///
/// A part is open when its lower layer is at most one above the highest layer of which four fifths are done. A layer
/// that has no lessons is passed along with the one below it.
public struct LayerGate: Hashable, Sendable {
    /// The highest layer that is open, 1 to 6.
    public let highestOpen: Int

    /// - Parameter isCompleted: by lesson.
    public init(_ curriculum: Curriculum, isCompleted: [Bool]) {
        var done = [Int](repeating: 0, count: Layer.bounds.upperBound + 2)
        var all = done
        for chapter in curriculum.chapters.indices {
            let layer = curriculum.parts[curriculum.partOfChapter[chapter]].layer
            let required = curriculum.graph.required[chapter]
            let completed = required.count { isCompleted[$0] }
            for level in layer.min...layer.max {
                all[level] += required.count
                done[level] += completed
            }
        }
        var reached = Layer.bounds.last { all[$0] > 0 && done[$0] * 5 >= all[$0] * 4 } ?? 0
        while reached < Layer.bounds.upperBound, all[reached + 1] == 0 { reached += 1 }
        self.highestOpen = reached + 1
    }

    /// Whether a part with this layer is open.
    public func admits(_ layer: Layer) -> Bool { layer.min <= self.highestOpen }
}
