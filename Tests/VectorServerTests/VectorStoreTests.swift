import Foundation
import MCP
import ServerTesting
import Testing

@testable import VectorServer

@Suite struct VectorStoreTests {
    let scratch: ScratchDirectory
    let name: CollectionName

    init() throws {
        self.scratch = try ScratchDirectory()
        self.name = try CollectionName("chunks")
    }

    private func filled() async throws -> VectorStore {
        let store = try makeStore(self.scratch)
        _ = try await store.createCollection(self.name, dimension: 3)
        _ = try await store.upsert(
            [
                record("x", [1, 0, 0], ["n": 1], text: "ex"), record("y", [0, 2, 0], ["n": 2]),
                record("xy", [5, 5, 0], ["n": 3]), record("-x", [-1, 0, 0], ["n": 4]),
            ], into: self.name)
        return store
    }

    @Test func searchFindsTheMostSimilarFirst() async throws {
        let store = try await self.filled()
        let matches = try await store.search([3, 0, 0], in: self.name, limit: 10)
        #expect(matches.map(\.id) == ["x", "xy", "y", "-x"])
        #expect(matches[0].score == 1)
        #expect(abs(matches[1].score - 0.5.squareRoot()) < 1e-6)
        #expect(matches[3].score == -1)
        #expect(matches[0].text == "ex")
        #expect(matches[0].metadata == ["n": 1])
        #expect(try await store.search([3, 0, 0], in: self.name, limit: 2).map(\.id) == ["x", "xy"])
        #expect(
            try await store.search([1, 0, 0], in: self.name, limit: 9, minimumScore: 0.5).map(\.id) == ["x", "xy"])
        #expect(
            try await store.search([1, 0, 0], in: self.name, limit: 1, filter: ["n": ["$gt": 1]]).map(\.id) == ["xy"])
    }

    @Test func equalScoresComeInTheOrderOfIds() async throws {
        let store = try makeStore(self.scratch)
        _ = try await store.createCollection(self.name, dimension: 3)
        let ids = ["d", "a", "é", "e\u{301}", "c", "b"]
        for id in ids { _ = try await store.upsert([record(id, [1, 2, 3])], into: self.name) }
        let found = try await store.search([1, 2, 3], in: self.name, limit: 4).map(\.id)
        #expect(found == ["a", "b", "c", "d"])
        #expect(try await store.count(in: self.name) == 6)
    }

    @Test func aReplacedRecordIsFoundOnlyAsItIsNow() async throws {
        let store = try await self.filled()
        _ = try await store.upsert([record("x", [0, 0, 1], ["n": 9])], into: self.name)
        #expect(try await store.count(in: self.name) == 4)
        #expect(try await store.search([0, 0, 1], in: self.name, limit: 1).map(\.metadata) == [["n": 9]])
        #expect(try store.records(["x"], in: self.name).first?.text == nil)
    }

    @Test func recordsAreReadBackInTheOrderAskedFor() async throws {
        let store = try await self.filled()
        let records = try store.records(["y", "missing", "xy"], in: self.name)
        #expect(records.map(\.id) == ["y", "xy"])
        #expect(records[0].vector == [0, 1, 0])
    }

    @Test func deletionByIdsAndByFilterTellsHowManyThereWere() async throws {
        let store = try await self.filled()
        #expect(try await store.delete(["x", "x", "nobody"], from: self.name) == 1)
        #expect(try await store.delete(matching: ["n": ["$gte": 3]], from: self.name) == 2)
        #expect(try await store.delete(matching: ["n": 77], from: self.name) == 0)
        #expect(try await store.search([1, 1, 1], in: self.name, limit: 9).map(\.id) == ["y"])
        #expect(try await store.count(in: self.name, filter: ["n": 2]) == 1)
        await #expect(throws: VectorError.self) { try await store.delete(matching: [:], from: self.name) }
    }

    @Test(
        arguments: [
            ([record("a", [1, 2])], "records[0].vector has 2 numbers, but the collection's dimension is 3."),
            (
                [record("a", [1, 2, 3]), record("b", [0, 0, 0])],
                "records[1].vector is a zero vector, which has no direction."
            ),
            ([record("a", [1, .nan, 3])], "records[0].vector[1] is not a finite 32-bit number."),
            ([record("a", [1, 2, .infinity])], "records[0].vector[2] is not a finite 32-bit number."),
            ([record("a", [1e39, 2, 3])], "records[0].vector[0] is not a finite 32-bit number."),
            ([record("a", [1e-46, 0, 0])], "records[0].vector is a zero vector, which has no direction."),
            ([record("", [1, 2, 3])], "records[0].id has 1 to 256 bytes and no control characters."),
            ([record("a", [1, 2, 3]), record("a", [1, 2, 4])], "records[1].id is that of records[0] too."),
            ([], "records has 1 to 5000 elements, not 0."),
            (
                [record("a", [1, 2, 3], ["m": .string(String(repeating: "x", count: 20_000))])],
                "records[0].metadata has 20008 bytes of JSON; 16384 are allowed."
            ),
        ] as [([VectorRecord], String)])
    func aFaultRefusesTheWholeCallAndNamesThePlace(_ records: [VectorRecord], _ message: String) async throws {
        let store = try await self.filled()
        let error = await #expect(throws: VectorError.self) { try await store.upsert(records, into: self.name) }
        #expect(error?.message == message)
        #expect(try await store.count(in: self.name) == 4)
        #expect(try store.records(["a"], in: self.name).isEmpty)
    }

    @Test func extremeButValidVectorsAreNormalised() async throws {
        let store = try makeStore(self.scratch)
        _ = try await store.createCollection(self.name, dimension: 3)
        _ = try await store.upsert(
            [record("huge", [3e38, 0, 3e38]), record("tiny", [2e-38, 0, 2e-38])], into: self.name)
        let matches = try await store.search([1, 0, 1], in: self.name, limit: 2)
        #expect(matches.map(\.id) == ["huge", "tiny"])
        #expect(matches.allSatisfy { abs($0.score - 1) < 1e-6 })
    }

    @Test func creatingACollectionAgainIsFineUnlessTheDimensionDiffers() async throws {
        let store = try await self.filled()
        #expect(try await !store.createCollection(self.name, dimension: 3))
        let error = await #expect(throws: VectorError.self) {
            try await store.createCollection(self.name, dimension: 4)
        }
        #expect(error?.code == .dimensionMismatch)
        for dimension in [0, -1, 4097] {
            await #expect(throws: VectorError.self) {
                try await store.createCollection(CollectionName("other"), dimension: dimension)
            }
        }
    }

    @Test func aDroppedCollectionIsGoneAndItsNameFree() async throws {
        let store = try await self.filled()
        #expect(try await store.dropCollection(self.name))
        #expect(try await !store.dropCollection(self.name))
        let error = await #expect(throws: VectorError.self) {
            try await store.search([1, 0, 0], in: self.name, limit: 1)
        }
        #expect(error?.code == .collectionNotFound)
        #expect(store.memoryBytes == 0)
        #expect(try await store.createCollection(self.name, dimension: 5))
        #expect(store.collectionInfos().map(\.dimension) == [5])
    }

    @Test func theStoreRefusesMoreThanItsMemoryLimit() async throws {
        var limits = VectorLimits()
        limits.maximumMemoryBytes = 2 << 20
        let store = try makeStore(self.scratch, limits: limits)
        _ = try await store.createCollection(self.name, dimension: 3)
        let text = String(repeating: "t", count: 200_000)
        var refused: VectorError?
        for index in 0..<20 where refused == nil {
            do {
                _ = try await store.upsert([record("\(index)", [1, 2, 3], text: text)], into: self.name)
            } catch let error as VectorError {
                refused = error
            }
        }
        #expect(refused?.code == .capacityExceeded)
        #expect(store.memoryBytes <= limits.maximumMemoryBytes)
    }

    @Test func aSecondProcessCannotOpenTheSameDirectory() async throws {
        let store = try await self.filled()
        let error = try #require(throws: VectorError.self) { try makeStore(self.scratch) }
        #expect(error.code == .inUse)
        #expect(try await store.count(in: self.name) == 4)
    }

    @Test func theDotProductIsThatOfArithmeticForEveryLength() {
        var generator = SeededGenerator(seed: 5)
        for count in 1...130 {
            let left = (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
            let right = (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
            let exact = zip(left, right).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            #expect(abs(Double(dotProduct(left, right, count: count)) - exact) < 1e-4)
        }
    }
}
