import Synchronization

@testable import Personalization

/// A writer that says who wrote what, and that can be held up, made to fail, or be without its model.
final class ScriptedWriter: SectionWriter {
    enum Mode: Sendable {
        case working
        /// The embedded rules stand in, for this reason.
        case fallback(String)
        /// After this many sections, its worker is stopped.
        case stopping(after: Int)
    }

    let recipe: SectionRecipe
    private let mode: Mutex<Mode>
    private let written = Mutex<[GenerationKey]>([])
    private let gate = Mutex<(isShut: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))

    init(model: String = "scripted", mode: Mode = .working) {
        self.recipe = SectionRecipe(
            modelClass: model, promptVersion: "v0", glossaryVersion: "1", validatorVersion: "1")
        self.mode = Mutex(mode)
    }

    /// The sections written so far.
    var keys: [GenerationKey] { self.written.withLock { $0 } }

    func set(_ mode: Mode) { self.mode.withLock { $0 = mode } }

    /// Holds every section up until ``open()``.
    func shut() { self.gate.withLock { $0.isShut = true } }

    func open() {
        let waiters = self.gate.withLock { gate in
            defer { gate = (false, []) }
            return gate.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func write(_ section: SectionSource, for slice: SectionSlice, payer: String?) async throws -> WrittenSection {
        await withCheckedContinuation { waiter in
            let passes = self.gate.withLock { gate in
                if gate.isShut { gate.waiters.append(waiter) }
                return !gate.isShut
            }
            if passes { waiter.resume() }
        }
        try Task.checkCancellation()
        let text = String(decoding: section.markdown, as: UTF8.self) + "\nFor \(slice.description).\n"
        switch self.mode.withLock({ $0 }) {
        case .fallback(let reason):
            return WrittenSection(
                text: text, generator: EmbeddedSectionWriter.name, isFallback: true, fallbackReason: reason)
        case .stopping(let limit) where self.keys.count >= limit:
            throw CancellationError()
        case .stopping, .working:
            self.written.withLock { $0.append(GenerationKey(section, for: slice, by: self.recipe)) }
            return WrittenSection(
                text: text, generator: "test/scripted/prompt-v0", attempts: 1, promptTokens: 10, completionTokens: 5,
                costMicros: 7)
        }
    }
}
