import Synchronization

/// How many long answers are open, in all and for each name, against the most that may be.
final class OpenPlaces: Sendable {
    private struct Counts {
        var all = 0
        var byName: [String: Int] = [:]
    }

    private let maximum: Int
    private let maximumPerName: Int
    private let counts = Mutex(Counts())

    init(maximum: Int, perName maximumPerName: Int) {
        self.maximum = maximum
        self.maximumPerName = maximumPerName
    }

    /// One open answer. It is given back when it is let go of, whatever became of the answer.
    final class Place: Sendable {
        private let names: [String]
        private let places: OpenPlaces

        fileprivate init(names: [String], places: OpenPlaces) {
            self.names = names
            self.places = places
        }

        deinit { self.places.leave(self.names) }
    }

    /// A place under every name; `nil` when there is none left under one of them, or none at all.
    func enter(_ names: [String]) -> Place? {
        let isAdmitted = self.counts.withLock { counts in
            guard counts.all < self.maximum,
                names.allSatisfy({ counts.byName[$0, default: 0] < self.maximumPerName })
            else { return false }
            counts.all += 1
            for name in names { counts.byName[name, default: 0] += 1 }
            return true
        }
        return isAdmitted ? Place(names: names, places: self) : nil
    }

    /// How many are open now.
    var count: Int { self.counts.withLock { $0.all } }

    private func leave(_ names: [String]) {
        self.counts.withLock { counts in
            counts.all -= 1
            for name in names {
                let left = counts.byName[name, default: 1] - 1
                counts.byName[name] = left > 0 ? left : nil
            }
        }
    }
}
