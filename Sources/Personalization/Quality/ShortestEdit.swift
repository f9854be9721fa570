/// The fewest insertions and deletions that turn one list into another: the greedy algorithm of E. W. Myers, "An O(ND)
/// Difference Algorithm and Its Variations" (1986).
enum ShortestEdit {
    /// One step on the way from the old list to the new one, with the element's place in its list.
    enum Step: Hashable {
        case keep(Int)
        case delete(Int)
        case insert(Int)
    }

    /// The steps in order, or `nil` where more than `limit` changes are needed.
    static func steps(from old: [String], to new: [String], limit: Int) -> [Step]? {
        let bound = min(limit, old.count + new.count)
        // How far each diagonal was followed; diagonal k stands at k + bound + 1.
        var reach = [Int](repeating: 0, count: 2 * bound + 3)
        var history: [ArraySlice<Int>] = []
        for edits in 0...bound {
            let middle = bound + 1
            history.append(reach[(middle - edits - 1)...(middle + edits + 1)])
            for diagonal in stride(from: -edits, through: edits, by: 2) {
                let place = middle + diagonal
                let goesDown = diagonal == -edits || diagonal != edits && reach[place - 1] < reach[place + 1]
                var x = goesDown ? reach[place + 1] : reach[place - 1] + 1
                while x < old.count, x - diagonal < new.count, old[x] == new[x - diagonal] { x += 1 }
                reach[place] = x
                if x >= old.count, x - diagonal >= new.count { return self.path(history, middle, old.count, new.count) }
            }
        }
        return nil
    }

    /// Walks back from the end through what was reached with each number of edits.
    private static func path(_ history: [ArraySlice<Int>], _ middle: Int, _ oldEnd: Int, _ newEnd: Int) -> [Step] {
        var steps: [Step] = []
        var x = oldEnd
        var y = newEnd
        for edits in history.indices.reversed() {
            let reach = history[edits]
            let diagonal = x - y
            let place = middle + diagonal
            let goesDown = diagonal == -edits || diagonal != edits && reach[place - 1] < reach[place + 1]
            let startX = edits == 0 ? 0 : goesDown ? reach[place + 1] : reach[place - 1] + 1
            while x > startX {
                x -= 1
                y -= 1
                steps.append(.keep(x))
            }
            guard edits > 0 else { break }
            if goesDown {
                y -= 1
                steps.append(.insert(y))
            } else {
                x -= 1
                steps.append(.delete(x))
            }
        }
        return steps.reversed()
    }
}
