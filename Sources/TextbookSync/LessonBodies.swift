import ContentHashing
public import MCP
import Synchronization

/// Why a lesson's text cannot be had.
public struct LessonBodyError: Error, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable {
        /// The bucket has no such object.
        case notFound = "not_found"
        /// The storage server does not answer; the same call may succeed later.
        case storageUnreachable = "storage_unreachable"
        /// The storage server refused; it or its configuration must change first.
        case storageRefused = "storage_refused"
        /// The object is not the text that was published.
        case corrupt
    }

    public let code: Code
    public let message: String
    public let underlying: (any Error)?

    public var isRetryable: Bool {
        switch self.code {
        case .storageUnreachable: true
        case .notFound, .storageRefused, .corrupt: false
        }
    }

    public init(_ code: Code, _ message: String, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }

    public var description: String { "\(self.code.rawValue): \(self.message)" }
}

/// The texts of published lessons: out of the bucket, checked against their hash, and kept.
///
/// Texts are immutable, so what is kept never goes stale, and while it is kept an outage of the storage server does
/// not reach its readers. Readers who ask for the same text at the same time share one request.
public final class LessonBodies: Sendable {
    private enum Outcome {
        case text(String)
        case failure(LessonBodyError)
        /// Nobody knows: look again.
        case none
    }

    private typealias Waiter = CheckedContinuation<Outcome, Never>

    private struct State {
        var cache: BodyCache<String>
        /// Texts under way, each with those who wait for it.
        var fetches: [String: [Int: Waiter]] = [:]
        var lastWaiter = 0
    }

    private let bucket: LessonBucket
    private let state: Mutex<State>

    /// - Parameter capacity: bytes of text to keep.
    public init(bucket: LessonBucket, capacity: Int = 64 * 1_024 * 1_024) {
        self.bucket = bucket
        self.state = Mutex(State(cache: BodyCache(capacity: capacity)))
    }

    /// Texts behind an MCP storage server.
    public convenience init(store: MCPObjectStore, capacity: Int = 64 * 1_024 * 1_024) {
        self.init(bucket: LessonBucket(store), capacity: capacity)
    }

    /// The text of a published lesson.
    /// - Throws: ``LessonBodyError``, `CancellationError`.
    public func body(of lesson: PublishedLesson) async throws -> String {
        try await self.body(objectKey: lesson.objectKey, contentHash: lesson.contentHash)
    }

    /// The text under `objectKey`, whose XXH3-128 must be `contentHash`.
    /// - Throws: ``LessonBodyError``, `CancellationError`.
    public func body(objectKey: String, contentHash: String) async throws -> String {
        let key = "\(contentHash) \(objectKey)"
        while true {
            try Task.checkCancellation()
            switch self.arrive(key) {
            case .kept(let text):
                return text
            case .fetch:
                let outcome = await self.fetch(objectKey, contentHash)
                self.leave(key, outcome)
                if let text = try Self.value(of: outcome) { return text }
            case .wait(let number):
                let outcome = await self.wait(for: key, as: number)
                if let text = try Self.value(of: outcome) { return text }
            }
        }
    }

    private static func value(of outcome: Outcome) throws -> String? {
        switch outcome {
        case .text(let text): return text
        case .failure(let error): throw error
        case .none: return nil
        }
    }

    private enum Arrival {
        case kept(String)
        /// The caller is the one to fetch.
        case fetch
        /// Somebody fetches; the caller waits under this number.
        case wait(Int)
    }

    private func arrive(_ key: String) -> Arrival {
        self.state.withLock { state in
            if let text = state.cache.text(for: key) { return .kept(text) }
            guard state.fetches[key] != nil else {
                state.fetches[key] = [:]
                return .fetch
            }
            state.lastWaiter += 1
            return .wait(state.lastWaiter)
        }
    }

    private func leave(_ key: String, _ outcome: Outcome) {
        let waiters = self.state.withLock { state in
            if case .text(let text) = outcome { state.cache.insert(text, for: key) }
            return state.fetches.removeValue(forKey: key) ?? [:]
        }
        for waiter in waiters.values { waiter.resume(returning: outcome) }
    }

    /// Returns when the fetch under way has ended or this task is cancelled.
    private func wait(for key: String, as number: Int) async -> Outcome {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: Waiter) in
                let isWaiting = self.state.withLock { state in
                    guard !Task.isCancelled, state.fetches[key] != nil else { return false }
                    state.fetches[key]?[number] = waiter
                    return true
                }
                if !isWaiting { waiter.resume(returning: .none) }
            }
        } onCancel: {
            let waiter = self.state.withLock { $0.fetches[key]?.removeValue(forKey: number) }
            waiter?.resume(returning: .none)
        }
    }

    /// A fetch that is cancelled tells nothing about the text: it ends with ``Outcome/none``.
    private func fetch(_ objectKey: String, _ contentHash: String) async -> Outcome {
        let bytes: [UInt8]?
        do {
            bytes = try await self.bucket.get(objectKey)
        } catch {
            return Task.isCancelled ? .none : .failure(LessonBodyError(storage: error))
        }
        guard let bytes else {
            return .failure(LessonBodyError(.notFound, "the bucket has no object \(objectKey)"))
        }
        guard ContentHash(of: bytes).hex == contentHash, let text = String(validating: bytes, as: UTF8.self) else {
            return .failure(
                LessonBodyError(.corrupt, "the object \(objectKey) is not the text that was published"))
        }
        return .text(text)
    }
}

extension LessonBodyError {
    /// What a failed call to the storage server means: only what somebody must put right first is a refusal.
    init(storage error: any Error) {
        guard let error = error as? MCPError else {
            self.init(.storageUnreachable, "the storage server cannot be used", underlying: error)
            return
        }
        let needsRepair: Set<MCPError.Code> = [
            .unauthorized, .invalidMapping, .unknownTool, .invalidArgument, .tooLarge, .unsupportedVersion, .rejected,
        ]
        if error.code == .notFound {
            self.init(.notFound, "the storage server does not find what it was asked for", underlying: error)
        } else if needsRepair.contains(error.code) {
            self.init(.storageRefused, "the storage server refused: \(error)", underlying: error)
        } else {
            self.init(.storageUnreachable, "the storage server does not do its work: \(error)", underlying: error)
        }
    }
}
