/// Which chapter must be read before which.
package enum PrerequisiteGraph {
    /// One cycle as the chapters along it, its first chapter repeated at the end; `nil` if there is none.
    ///
    /// Works without recursion, so that a long chain of chapters costs no stack.
    package static func cycle(_ prerequisites: [Int: [Int]]) -> [Int]? {
        enum Mark { case onPath, done }
        var marks: [Int: Mark] = [:]
        for start in prerequisites.keys.sorted() where marks[start] == nil {
            var path: [(chapter: Int, next: Int)] = [(start, 0)]
            marks[start] = .onPath
            while let (chapter, next) = path.last {
                let needed = prerequisites[chapter] ?? []
                guard next < needed.count else {
                    marks[chapter] = .done
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                let target = needed[next]
                switch marks[target] {
                case .onPath:
                    let from = path.firstIndex { $0.chapter == target } ?? 0
                    return path[from...].map(\.chapter) + [target]
                case .done:
                    continue
                case nil:
                    marks[target] = .onPath
                    path.append((target, 0))
                }
            }
        }
        return nil
    }
}
