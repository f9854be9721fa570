import Foundation
import MCP
import ServerTesting
import Testing

@testable import VectorServer

@Suite struct VectorDurabilityTests {
    let scratch: ScratchDirectory
    let name: CollectionName

    init() throws {
        self.scratch = try ScratchDirectory()
        self.name = try CollectionName("chunks")
    }

    private func log(_ store: String, generation: Int = 1) -> URL {
        URL(fileURLWithPath: self.scratch.path + "/\(store)/collections/chunks/log-\(generation)")
    }

    private func contents(_ store: VectorStore) throws -> [String: VectorRecord] {
        var records: [String: VectorRecord] = [:]
        let state = try store.collection(self.name).snapshot()
        state.forEach { row in
            records[row.id.text] = state.record(row.id).map {
                VectorRecord(
                    id: row.id.text, vector: $0.vector.map(Double.init), metadata: $0.payload.metadata,
                    text: $0.payload.text)
            }
        }
        return records
    }

    /// Cuts the log at every byte of its last frames: the store must come back as it was after some acknowledged call,
    /// and never with half of one.
    @Test func aCrashAtAnyByteLeavesTheStateAfterAWholeCall() async throws {
        var states: [(bytes: Int, contents: [String: VectorRecord])] = []
        do {
            let store = try makeStore(self.scratch)
            _ = try await store.createCollection(self.name, dimension: 3)
            states.append((try Data(contentsOf: self.log("data")).count, [:]))
            let calls: [[VectorRecord]] = [
                [record("a", [1, 0, 0], ["k": "v"], text: "tä")], [record("b", [0, 1, 0]), record("a", [1, 1, 0])],
                [record("c", [0, 0, 1], ["n": [1, 2]])],
            ]
            for call in calls {
                _ = try await store.upsert(call, into: self.name)
                states.append((try Data(contentsOf: self.log("data")).count, try self.contents(store)))
            }
            _ = try await store.delete(["a", "c"], from: self.name)
            states.append((try Data(contentsOf: self.log("data")).count, try self.contents(store)))
        }
        let whole = try Data(contentsOf: self.log("data"))
        for length in LogHeader.bytes...whole.count {
            try whole.prefix(length).write(to: self.log("data"))
            let expected = try #require(states.last { $0.bytes <= length })
            do {
                let store = try makeStore(self.scratch)
                #expect(try self.contents(store) == expected.contents, "cut at \(length)")
                #expect(try Data(contentsOf: self.log("data")).count == expected.bytes)
                // Life goes on behind the cut.
                if length % 41 == 0 {
                    _ = try await store.upsert([record("new", [1, 2, 3])], into: self.name)
                }
            }
            if length % 41 == 0 {
                #expect(try self.contents(makeStore(self.scratch)).count == expected.contents.count + 1)
            }
        }
    }

    @Test func aTornWriteOfGarbageIsCutOff() async throws {
        do {
            let store = try makeStore(self.scratch)
            _ = try await store.createCollection(self.name, dimension: 3)
            _ = try await store.upsert([record("a", [1, 0, 0])], into: self.name)
        }
        let whole = try Data(contentsOf: self.log("data"))
        for garbage in [Data(count: 5000), Data("LFRM".utf8), Data((0..<100).map { _ in UInt8(0xFF) })] {
            try (whole + garbage).write(to: self.log("data"))
            #expect(try self.contents(makeStore(self.scratch)).count == 1)
            #expect(try Data(contentsOf: self.log("data")) == whole)
        }
    }

    @Test func aFlippedBitBeforeTheLastFrameIsReportedAsCorruption() async throws {
        let secondFrame: Int
        do {
            let store = try makeStore(self.scratch)
            _ = try await store.createCollection(self.name, dimension: 3)
            _ = try await store.upsert([record("a", [1, 0, 0])], into: self.name)
            secondFrame = try Data(contentsOf: self.log("data")).count
            _ = try await store.upsert([record("b", [1, 0, 0])], into: self.name)
        }
        let sound = try Data(contentsOf: self.log("data"))
        for offset in 0..<secondFrame {
            var spoiled = sound
            spoiled[offset] ^= 0x04
            try spoiled.write(to: self.log("data"))
            let error = try #require(throws: VectorError.self) { try makeStore(self.scratch) }
            #expect(error.code == .corrupted)
            #expect(try Data(contentsOf: self.log("data")) == spoiled)
        }
        try sound.write(to: self.log("data"))
        #expect(try self.contents(makeStore(self.scratch)).count == 2)
    }

    @Test func storedTextThatLooksLikeAFrameDoesNotPassForOne() async throws {
        let frame = LogFrame(payloadBytes: 4, sequence: 99, salt: 0).head.map { String(format: "%02x", $0) }.joined()
        do {
            let store = try makeStore(self.scratch)
            _ = try await store.createCollection(self.name, dimension: 3)
            _ = try await store.upsert([record("a", [1, 0, 0], text: "LFRM" + frame)], into: self.name)
        }
        let whole = try Data(contentsOf: self.log("data"))
        try whole.dropLast(1).write(to: self.log("data"))
        #expect(try self.contents(makeStore(self.scratch)).isEmpty)
    }

    @Test func compactionKeepsTheRecordsAndShrinksTheLog() async throws {
        var limits = VectorLimits()
        limits.compactionThreshold = 20
        let expected: [String: VectorRecord]
        do {
            let store = try makeStore(self.scratch, limits: limits)
            _ = try await store.createCollection(self.name, dimension: 3)
            for round in 0..<60 {
                _ = try await store.upsert(
                    [record("k\(round % 5)", [1, Double(round), 2], ["round": .integer(Int64(round))])], into: self.name
                )
            }
            expected = try self.contents(store)
            #expect(expected.count == 5)
        }
        let files = try self.scratch.files(below: "data/collections/chunks")
        #expect(files.count == 1)
        #expect(files != ["log-1"])
        #expect(try self.contents(makeStore(self.scratch, limits: limits)) == expected)
    }

    @Test func anUnfinishedCompactionIsForgotten() async throws {
        do {
            let store = try makeStore(self.scratch)
            _ = try await store.createCollection(self.name, dimension: 3)
            _ = try await store.upsert([record("a", [1, 0, 0])], into: self.name)
        }
        let folder = self.scratch.path + "/data/collections/chunks/"
        try Data("half".utf8).write(to: URL(fileURLWithPath: folder + "rewrite"))
        #expect(try self.contents(makeStore(self.scratch)).count == 1)
        #expect(try self.scratch.files(below: "data/collections/chunks") == ["log-1"])
    }

    @Test func readersKeepTheStateTheyBeganWith() async throws {
        let store = try makeStore(self.scratch)
        _ = try await store.createCollection(self.name, dimension: 3)
        _ = try await store.upsert([record("a", [1, 0, 0])], into: self.name)
        let before = try store.collection(self.name).snapshot()
        _ = try await store.upsert([record("a", [0, 1, 0]), record("b", [1, 0, 0])], into: self.name)
        _ = try await store.delete(["a"], from: self.name)
        #expect(before.search([1, 0, 0], limit: 9, filter: nil, minimumScore: nil).map(\.id) == ["a"])
        #expect(try await store.search([1, 0, 0], in: self.name, limit: 9).map(\.id) == ["b"])
    }
}
