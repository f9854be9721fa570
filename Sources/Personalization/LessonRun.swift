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
    private struct Piece: Sendable {
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
        let pieces = self.pieces()
        var progress = Progress()
        try await self.generations.begin(self.context.jobID, sections: pieces.count)
        try await self.find(pieces, &progress)
        var pause = self.handler.configuration.pause.lowerBound
        while progress.entries.count < pieces.count {
            let missing = pieces.filter { progress.entries[$0.section.ordinal] == nil }
            var won = try await self.generations.claim(missing.map(\.key), run: self.run)
            // A claim that was given up a moment ago left a text behind.
            try await self.find(missing.filter { won.contains($0.key) }, &progress)
            let found = missing.filter { won.contains($0.key) && progress.entries[$0.section.ordinal] != nil }.map(
                \.key)
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
                try await Task.sleep(for: pause)
                pause = min(pause * 2, self.handler.configuration.pause.upperBound)
            } else if !mine.isEmpty {
                try await self.write(mine, &progress)
                if let obstacle = progress.obstacle {
                    throw JobError.retry("model_unavailable", "No language model was available: \(obstacle).")
                }
            }
            try await self.find(pieces.filter { progress.entries[$0.section.ordinal] == nil }, &progress)
        }
        return Work(entries: pieces.compactMap { progress.entries[$0.section.ordinal] }, written: progress.written)
    }

    private func pieces() -> [Piece] {
        let (recipe, fallback) = (self.handler.writer.recipe, self.handler.parts.embedded.recipe)
        return self.plan.sections.map { section in
            let slice = SectionSlice(self.slice, for: section.facts)
            return Piece(
                section: section, slice: slice, key: GenerationKey(section, for: slice, by: recipe),
                fallbackKey: GenerationKey(section, for: slice, by: fallback))
        }
    }

    /// Takes the sections that are written.
    private func find(_ pieces: [Piece], _ progress: inout Progress) async throws {
        guard !pieces.isEmpty else { return }
        let known = try await self.generations.entries(pieces.map(\.key))
        let found = pieces.compactMap { piece in known[piece.key].map { (piece.section.ordinal, $0) } }
        for (ordinal, entry) in found { progress.entries[ordinal] = entry }
        try await self.generations.note(found.map { ($0.0, $0.1.key) }, jobID: self.context.jobID)
    }

    /// What became of a section that this run was to write.
    private enum Outcome: Sendable {
        case kept(GenerationStore.Entry, WrittenSection)
        /// A model that may soon be back was not there, for this reason.
        case postponed(String)
    }

    /// Writes claimed sections, the first one first, a few at a time.
    private func write(_ pieces: [Piece], _ progress: inout Progress) async throws {
        var waiting = pieces[...]
        do {
            try await withThrowingTaskGroup(of: (Int, Outcome).self) { group in
                for piece in waiting.prefix(self.handler.configuration.concurrency) {
                    group.addTask { (piece.section.ordinal, try await self.take(try await self.write(piece), piece)) }
                }
                waiting = waiting.dropFirst(self.handler.configuration.concurrency)
                while let (ordinal, outcome) = try await group.next() {
                    switch outcome {
                    case .kept(let entry, let written):
                        progress.entries[ordinal] = entry
                        progress.written.append(written)
                        await self.context.report(
                            JobProgress(done: progress.entries.count, total: self.plan.sections.count, stage: "writing")
                        )
                    case .postponed(let reason):
                        progress.obstacle = progress.obstacle ?? reason
                    }
                    if progress.obstacle == nil, let next = waiting.popFirst() {
                        group.addTask { (next.section.ordinal, try await self.take(try await self.write(next), next)) }
                    }
                }
            }
        } catch {
            // Others need not wait for this run's lease to end. Where this fails, they wait for just that.
            try? await self.generations.release(pieces.map(\.key), of: self.run)
            throw error
        }
        if progress.obstacle != nil { try await self.generations.release(pieces.map(\.key), of: self.run) }
    }

    private func write(_ piece: Piece) async throws -> WrittenSection {
        try await self.ensureWanted()
        do {
            let attempt = AttemptContext(
                lessonSlug: self.lessonSlug, generationKey: piece.key, jobID: self.context.jobID)
            return try await AttemptContext.$current.withValue(attempt) {
                try await self.handler.writer.write(piece.section, for: piece.slice, payer: self.payer)
            }
        } catch let error as PersonalizationError {
            throw JobError.permanent(error.code.rawValue, error.message)
        }
    }

    /// A section that a model would be paid for is worth the look.
    private func ensureWanted() async throws {
        guard self.handler.writer.recipe != self.handler.parts.embedded.recipe else { return }
        guard try await self.handler.isWanted(self.context.jobID, isPrewarm: self.isPrewarm) else { throw Unwanted() }
    }

    /// Keeps what was written. What the embedded rules wrote in the place of a model that may soon be back is not
    /// kept: the job comes back for it, and finds all that was paid for.
    private func take(_ written: WrittenSection, _ piece: Piece) async throws -> Outcome {
        if written.isFallback, written.mayPass, self.context.attempt < self.handler.configuration.modelAttempts,
            !self.context.isLastAttempt
        {
            return .postponed(written.fallbackReason ?? "unavailable")
        }
        let key = written.isFallback ? piece.fallbackKey : piece.key
        let recipe = written.isFallback ? self.handler.parts.embedded.recipe : self.handler.writer.recipe
        let origin = GenerationStore.Origin(
            lessonSlug: self.lessonSlug, section: piece.section, slice: piece.slice, recipe: recipe.fingerprint)
        let (generations, run) = (self.generations, self.run)
        let configuration = self.handler.configuration
        let pause = written.isRefusal ? configuration.pauseAfterRefusal : configuration.pauseAfterOutage
        // Also when the run is called off: what was paid for is kept.
        try await Task {
            try await generations.store(
                written, as: key, claimed: piece.key, standsIn: pause, origin: origin, run: run)
        }.value
        return .kept(GenerationStore.Entry(key: key, generator: written.generator), written)
    }
}

extension WrittenSection {
    /// Reasons to pass a model over that may be gone for the next run.
    static let passingReasons: Set<String> = [
        "unreachable", "timeout", "rate_limited", "server_error", "malformed_answer", "truncated", "limited",
        "circuit_open",
    ]

    /// Whether a model was paid for an answer that could not be taken, and would be again.
    fileprivate var isRefusal: Bool {
        ["checks_failed", "content_filter", "refused", "rejected", "too_large"].contains(self.fallbackReason)
    }

    /// Whether a model that was passed over may be there for the next run.
    fileprivate var mayPass: Bool { self.fallbackReason.map(Self.passingReasons.contains) ?? false }
}
