import Synchronization

/// Plans of lessons, read from the bucket once and kept while they are used.
public final class LessonPlans: Sendable {
    private struct Kept {
        var plan: LessonPlan
        var tick: UInt64
    }

    private struct State {
        var kept: [String: Kept] = [:]
        var tick: UInt64 = 0
    }

    private let bodies: any LessonBodySource
    private let glossary: Glossary
    private let capacity: Int
    private let state = Mutex(State())

    /// Plans over a source of texts.
    /// - Parameter capacity: plans to keep.
    public init(bodies: any LessonBodySource, glossary: Glossary, capacity: Int = 128) {
        self.bodies = bodies
        self.glossary = glossary
        self.capacity = max(1, capacity)
    }

    /// The plan of a published text.
    /// - Throws: what the source of texts throws.
    func plan(title: String, objectKey: String, contentHash: String) async throws -> LessonPlan {
        let name = "\(contentHash) \(title)"
        if let plan = self.kept(name) { return plan }
        let body = try await self.bodies.body(objectKey: objectKey, contentHash: contentHash)
        let plan = LessonPlan(LessonSource(title: title, markdown: Array(body.utf8)), glossary: self.glossary)
        self.keep(plan, as: name)
        return plan
    }

    private func kept(_ name: String) -> LessonPlan? {
        self.state.withLock { state in
            state.tick += 1
            state.kept[name]?.tick = state.tick
            return state.kept[name]?.plan
        }
    }

    private func keep(_ plan: LessonPlan, as name: String) {
        self.state.withLock { state in
            state.tick += 1
            state.kept[name] = Kept(plan: plan, tick: state.tick)
            guard state.kept.count > self.capacity,
                let oldest = state.kept.min(by: { $0.value.tick < $1.value.tick })?.key
            else { return }
            state.kept[oldest] = nil
        }
    }
}
