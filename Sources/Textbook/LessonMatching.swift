/// Which lesson of the old release is which of the new tree: by slug, then by equal bytes, then by place.
struct LessonMatching {
    private(set) var operations: [SyncPlan.Operation] = []

    init(_ old: [SyncPlan.Placed], _ new: [SyncPlan.Placed]) {
        var partners = [Int?](repeating: nil, count: new.count)
        var taken: Set<Int> = []
        func match(by key: (Lesson) -> String) {
            var free: [String: [Int]] = [:]
            for index in old.indices.reversed() where !taken.contains(index) {
                free[key(old[index].lesson), default: []].append(index)
            }
            for index in new.indices where partners[index] == nil {
                guard let partner = free[key(new[index].lesson)]?.popLast() else { continue }
                partners[index] = partner
                taken.insert(partner)
            }
        }
        match(by: \.slug)
        match(by: \.sha256)
        match(by: \.bucketPath)
        for (index, placed) in new.enumerated() {
            let partner = partners[index].map { old[$0] }
            self.operations.append(
                SyncPlan.Operation(kind: LessonMatching.kind(partner, placed), old: partner, new: placed))
        }
        for index in old.indices where !taken.contains(index) {
            self.operations.append(SyncPlan.Operation(kind: .delete, old: old[index], new: nil))
        }
        self.operations.sort { ($0.slug, $0.kind.rawValue) < ($1.slug, $1.kind.rawValue) }
    }

    private static func kind(_ old: SyncPlan.Placed?, _ new: SyncPlan.Placed) -> SyncPlan.Kind {
        guard let old else { return .create }
        if old.lesson.slug != new.lesson.slug { return .rename }
        if old.lesson.bucketPath != new.lesson.bucketPath { return .move }
        if old.lesson.contentHash != new.lesson.contentHash || old.lesson.sha256 != new.lesson.sha256 { return .update }
        return old == new ? .unchanged : .metadata
    }
}
