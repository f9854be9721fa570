import LanguageModels
import MCP
import SemanticIndex
import Synchronization

/// A vector server in memory that can be broken at any single call.
final class MemoryVectors: Sendable {
    enum Call: Hashable, Sendable {
        case prepare, upsert, search, delete, count
    }

    private struct State {
        var records: [String: VectorRecord] = [:]
        var calls: [Call: Int] = [:]
        var interference: (@Sendable (Call) async throws -> Void)?
    }

    private let state = Mutex(State())

    var records: [String: VectorRecord] { self.state.withLock { $0.records } }

    func count(_ call: Call) -> Int { self.state.withLock { $0.calls[call] ?? 0 } }

    func set(_ record: VectorRecord) { self.state.withLock { $0.records[record.id] = record } }

    func remove(_ id: String) { self.state.withLock { $0.records[id] = nil } }

    func removeAll() { self.state.withLock { $0.records = [:] } }

    /// Runs before every call; what it throws is the call's failure.
    func interfere(_ body: (@Sendable (Call) async throws -> Void)?) {
        self.state.withLock { $0.interference = body }
    }

    var index: VectorIndex {
        VectorIndex(
            prepare: { _ in try await self.enter(.prepare) },
            upsert: { records in
                try await self.enter(.upsert)
                for record in records { self.set(record) }
            },
            search: { vector, _, limit, filter in
                try await self.enter(.search)
                let hits = self.matching(filter).map { VectorHit(id: $0.id, score: Self.dot($0.vector, vector)) }
                return Array(hits.sorted { ($1.score, $0.id) < ($0.score, $1.id) }.prefix(limit))
            },
            delete: { ids in
                try await self.enter(.delete)
                for id in ids { self.remove(id) }
            },
            count: { filter in
                try await self.enter(.count)
                return self.matching(filter).count
            })
    }

    private func matching(_ filter: [String: JSONValue]) -> [VectorRecord] {
        self.records.values.filter { record in filter.allSatisfy { record.metadata[$0.key] == $0.value } }
    }

    private func enter(_ call: Call) async throws {
        let interference = self.state.withLock { state in
            state.calls[call, default: 0] += 1
            return state.interference
        }
        try await interference?(call)
    }

    private static func dot(_ left: [Float], _ right: [Float]) -> Double {
        zip(left, right).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
}

/// The embedded model, counted and breakable.
final class CountingModel: EmbeddingModel {
    private struct State {
        var texts: [String] = []
        var failure: (any Error)?
    }

    private let base = HashingEmbedder()
    private let state = Mutex(State())

    var name: String { self.base.name }
    var dimension: Int { self.base.dimension }
    /// Every text embedded so far.
    var texts: [String] { self.state.withLock { $0.texts } }

    func fail(_ error: (any Error)?) { self.state.withLock { $0.failure = error } }

    func embed(_ texts: [String]) async throws -> [[Float]] {
        try self.state.withLock { state in
            if let failure = state.failure { throw failure }
            state.texts += texts
        }
        return try await self.base.embed(texts)
    }
}

/// A model or server that is away.
enum Away {
    static let vectors = MCPError(code: .unreachable, message: "no connection")
    static let model = LanguageModelError(code: .unreachable, message: "no connection", isTransient: true)
}
