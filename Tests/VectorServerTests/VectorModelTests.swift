import Foundation
import MCP
import ServerTesting
import Testing

@testable import VectorServer

@Suite struct VectorModelTests {
    private struct Model {
        var records: [String: (vector: [Double], group: Int64)] = [:]

        func search(_ query: [Double], limit: Int, group: Int64?) -> [(id: String, score: Double)] {
            let length = query.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let scored = self.records.filter { group == nil || $0.value.group == group }.map { id, value in
                let own = value.vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
                return (id: id, score: zip(value.vector, query).reduce(0) { $0 + $1.0 * $1.1 } / own / length)
            }
            return Array(scored.sorted { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }.prefix(limit))
        }
    }

    /// Random calls on the store and on a plain dictionary must always tell the same, through restarts and compaction.
    @Test(arguments: [21, 22, 23] as [UInt64])
    func theStoreBehavesLikeADictionary(seed: UInt64) async throws {
        let scratch = try ScratchDirectory()
        let name = try CollectionName("model")
        var generator = SeededGenerator(seed: seed)
        var limits = VectorLimits()
        limits.compactionThreshold = 150
        var store: VectorStore? = try makeStore(scratch, limits: limits)
        _ = try await store?.createCollection(name, dimension: 7)
        var model = Model()
        for step in 0..<300 {
            let operation = Int.random(in: 0..<10, using: &generator)
            if operation == 9 {
                store = nil
                store = try makeStore(scratch, limits: limits)
            }
            let open = try #require(store)
            let group = Int64.random(in: 0..<4, using: &generator)
            switch operation {
            case 0...4:
                let ids = Set((0..<Int.random(in: 1...12, using: &generator)).map { _ in Self.id(&generator) })
                let records = ids.sorted().map { id in
                    record(
                        id, (0..<7).map { _ in Double.random(in: -1...1, using: &generator) }, ["g": .integer(group)])
                }
                #expect(try await open.upsert(records, into: name) == records.count)
                for item in records { model.records[item.id] = (item.vector, group) }
            case 5:
                let ids = [Self.id(&generator), Self.id(&generator)]
                let expected = Set(ids).filter { model.records.removeValue(forKey: $0) != nil }.count
                #expect(try await open.delete(ids, from: name) == expected, "seed \(seed), step \(step)")
            case 6:
                let doomed = model.records.filter { $0.value.group == group }.map(\.key)
                for id in doomed { model.records[id] = nil }
                #expect(
                    try await open.delete(matching: ["g": .integer(group)], from: name) == doomed.count,
                    "seed \(seed), step \(step)")
            default:
                let query = (0..<7).map { _ in Double.random(in: -1...1, using: &generator) }
                let onlyGroup = Bool.random(using: &generator) ? group : nil
                let found = try await open.search(
                    query, in: name, limit: 9, filter: onlyGroup.map { ["g": .integer($0)] })
                let expected = model.search(query, limit: 9, group: onlyGroup)
                #expect(found.map(\.id) == expected.map(\.id), "seed \(seed), step \(step)")
                #expect(zip(found, expected).allSatisfy { abs($0.score - $1.score) < 1e-5 })
            }
            let count = try await store?.count(in: name)
            #expect(count == model.records.count, "seed \(seed), step \(step)")
        }
    }

    private static func id(_ generator: inout SeededGenerator) -> String {
        "id-\(Int.random(in: 0..<80, using: &generator))"
    }

    @Test func searchesDuringWritesSeeWholeCallsOnly() async throws {
        let scratch = try ScratchDirectory()
        let name = try CollectionName("busy")
        let store = try makeStore(scratch)
        _ = try await store.createCollection(name, dimension: 4)
        // Every call writes the same ten ids with one round number; a reader must never see two rounds at once.
        let mixed = try await withThrowingTaskGroup(of: Int.self) { group in
            for writer in 0..<3 {
                group.addTask {
                    for round in 0..<30 {
                        let mark = JSONValue.integer(Int64(writer * 1000 + round))
                        _ = try await store.upsert(
                            (0..<10).map { record("r\($0)", [1, 2, 3, Double($0)], ["mark": mark]) }, into: name)
                    }
                    return 0
                }
            }
            for _ in 0..<2 {
                group.addTask {
                    var mixed = 0
                    for _ in 0..<150 {
                        let matches = try await store.search([1, 1, 1, 1], in: name, limit: 100)
                        if Set(matches.map { $0.metadata["mark"] }).count > 1 { mixed += 1 }
                        if !matches.isEmpty, matches.count != 10 { mixed += 1 }
                    }
                    return mixed
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(mixed == 0)
        #expect(try await store.count(in: name) == 10)
    }
}
