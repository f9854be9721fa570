import JobQueue
import PipelineJobs

/// One run over the sections of a lesson: takes those that are there, writes those that nobody writes, and waits for
/// those that another run is at.
///
/// A claim is held by a run only for sections that it is writing itself, so runs never wait for each other in a circle.
struct LessonRun: Sendable {
    let handler: PersonalizeLessonHandler
    let plan: LessonPlan
    let slice: ProfileSlice
    let lessonSlug: String
    let payer: String?
    let isPrewarm: Bool
    let context: JobContext

    /// Nobody waits for the lesson any more.
    struct Unwanted: Error {}

    /// What a run came to.
    struct Work: Sendable {
        /// The sections of the lesson, in order.
        var entries: [GenerationStore.Entry]
        /// Those that this run wrote.
        var written: [WrittenSection]
    }

    /// A section on its way.
    private struct Task: Sendable {
        var section: SectionSource
        var slice: SectionSlice
        var key: GenerationKey
        /// Where the embedded rules keep what they write in a model's place.
        var fallbackKey: GenerationKey
    }

    private struct Progress {
        var entries: [Int: GenerationStore.Entry] = [:]
        var written: [WrittenSection] = []
        /// A model was not available for some section, and may be soon.
        var obstacle: String?
    }

    private var generations: GenerationStore { self.handler.generations }
    private var run: GenerationStore.Run { .init(jobID: self.context.jobID, attempt: self.context.attempt) }

    func perform() async throws -> Work {
        let tasks = self.tasks()
        var progress = Progress()
        try await self.generations.begin(self.context.jobID, sections: tasks.count)
        try await self.find(tasks, &progress)
        var pause = self.handler.configuration.pause.lowerBound
        while progress.entries.count < tasks.count {
            let missing = tasks.filter { progress.entries[$0.section.ordinal] == nil }
            var won = try await self.generations.claim(missing.map(\.key), run: self.run)
            // A claim that was given up a moment ago left a text behind.
            try await self.find(missing.filter { won.contains($0.key) }, &progress)
            let found = won.intersection(progress.entries.values.map(\.key))
            if !found.isEmpty {
                try await self.generations.release(found, of: self.run)
                won.subtract(found)
            }
            // Two sections that are alike in everything share a key; the second finds what the first wrote.
            let mine = missing.filter { won.remove($0.key) != nil }
            if mine.isEmpty, found.isEmpty {
                // Others write them. They hold their leases, or the claim would have passed to this run.
                guard ContinuousClock.now.advanced(by: pause * 4) < self.context.deadline else {
                    throw JobError.retry("sections_awaited", "Another run did not finish its sections in time.")
                }
                try await _Concurrency.Task.sleep(for: pause)
                pause = min(pause * 2, self.handler.configuration.pause.upperBound)
            } else if !mine.isEmpty {
                try await self.write(mine, &progress)
                if let obstacle = progress.obstacle {
                    throw JobError.retry("model_unavailable", "No language model was available: \(obstacle).")
                }
            }
            try await self.find(tasks.filter { progress.entries[$0.section.ordinal] == nil }, &progress)
        }
        return Work(entries: tasks.compactMap { progress.entries[$0.section.ordinal] }, written: progress.written)
    }

    private func tasks() -> [Task] {
        let (recipe, fallback) = (self.handler.writer.recipe, self.handler.parts.embedded.recipe)
        return self.plan.sections.map { section in
            let slice = SectionSlice(self.slice, for: section.facts)
            return Task(
                section: section, slice: slice, key: GenerationKey(section, for: slice, by: recipe),
                fallbackKey: GenerationKey(section, for: slice, by: fallback))
        }
    }

    /// Takes the sections that are written.
    private func find(_ tasks: [Task], _ progress: inout Progress) async throws {
        guard !tasks.isEmpty else { return }
        let known = try await self.generations.entries(tasks.map(\.key))
        let found = tasks.compactMap { task in known[task.key].map { (task.section.ordinal, $0) } }
        for (ordinal, entry) in found { progress.entries[ordinal] = entry }
        try await self.generations.note(found.map { ($0.0, $0.1.key) }, jobID: self.context.jobID)
    }

    /// Writes claimed sections, the first one first, a few at a time.
    private func write(_ tasks: [Task], _ progress: inout Progress) async throws {
        var waiting = tasks[...]
        do {
            try await withThrowingTaskGroup(of: (Task, WrittenSection).self) { group in
                for task in waiting.prefix(self.handler.configuration.concurrency) {
                    group.addTask { (task, try await self.write(task)) }
                }
                waiting = waiting.dropFirst(self.handler.configuration.concurrency)
                while let (task, written) = try await group.next() {
                    try await self.take(written, task, &progress)
                    if progress.obstacle == nil, let next = waiting.popFirst() {
                        group.addTask { (next, try await self.write(next)) }
                    }
                }
            }
        } catch {
            // Others need not wait for this run's lease to end. Where this fails, they wait for just that.
            try? await self.generations.release(tasks.map(\.key), of: self.run)
            throw error
        }
        if progress.obstacle != nil { try await self.generations.release(tasks.map(\.key), of: self.run) }
    }

    private func write(_ task: Task) async throws -> WrittenSection {
        try await self.ensureWanted()
        do {
            let attempt = AttemptContext(
                lessonSlug: self.lessonSlug, generationKey: task.key, jobID: self.context.jobID)
            return try await AttemptContext.$current.withValue(attempt) {
                try await self.handler.writer.write(task.section, for: task.slice, payer: self.payer)
            }
        } catch let error as PersonalizationError {
            throw JobError.permanent(error.code.rawValue, error.message)
        }
    }

    /// A section that a model would be paid for is worth the look.
    private func ensureWanted() async throws {
        guard !self.isPrewarm, self.handler.writer.recipe != self.handler.parts.embedded.recipe else { return }
        guard try await self.handler.store.isAwaited(self.context.jobID, in: self.handler.store.database) else {
            throw Unwanted()
        }
    }

    /// Keeps what was written. What the embedded rules wrote in the place of a model that may soon be back is not
    /// kept: the job comes back for it, and finds all that was paid for.
    private func take(_ written: WrittenSection, _ task: Task, _ progress: inout Progress) async throws {
        if written.isFallback, written.mayPass, self.context.attempt < self.handler.configuration.modelAttempts,
            !self.context.isLastAttempt
        {
            progress.obstacle = progress.obstacle ?? written.fallbackReason ?? "unavailable"
            return
        }
        let key = written.isFallback ? task.fallbackKey : task.key
        let recipe = written.isFallback ? self.handler.parts.embedded.recipe : self.handler.writer.recipe
        try await self.generations.store(
            written, as: key, claimed: task.key,
            origin: GenerationStore.Origin(
                lessonSlug: self.lessonSlug, section: task.section, slice: task.slice, recipe: recipe.fingerprint),
            run: self.run)
        progress.entries[task.section.ordinal] = GenerationStore.Entry(key: key, generator: written.generator)
        progress.written.append(written)
        await self.context.report(
            JobProgress(done: progress.entries.count, total: self.plan.sections.count, stage: "writing"))
    }
}

extension WrittenSection {
    /// Reasons to pass a model over that may be gone for the next run.
    static let passingReasons: Set<String> = [
        "unreachable", "timeout", "rate_limited", "server_error", "malformed_answer", "truncated", "limited",
        "circuit_open",
    ]

    /// Whether a model that was passed over may be there for the next run.
    fileprivate var mayPass: Bool { self.fallbackReason.map(Self.passingReasons.contains) ?? false }
}
