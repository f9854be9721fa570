import ContentHashing
import ContentTesting
import MCP
import ServerTesting
import Synchronization
import Testing

@testable import TextbookSync

@Suite struct LessonBodiesTests {
    private let memory = MemoryBucket()

    private func publish(_ text: String, key: String = "k") -> String {
        self.memory.set(key, Array(text.utf8))
        return ContentHash(of: text).hex
    }

    @Test func aTextOnceReadOutlivesAnOutage() async throws {
        let bodies = LessonBodies(bucket: self.memory.bucket)
        let hash = self.publish("# Text\n")
        #expect(try await bodies.body(objectKey: "k", contentHash: hash) == "# Text\n")
        self.memory.interfere { _, _ in throw outage }
        #expect(try await bodies.body(objectKey: "k", contentHash: hash) == "# Text\n")
        let other = self.publish("other", key: "o")
        let error = await #expect(throws: LessonBodyError.self) {
            try await bodies.body(objectKey: "o", contentHash: other)
        }
        #expect(error?.code == .storageUnreachable)
        #expect(error?.isRetryable == true)
        self.memory.interfere(nil)
        #expect(try await bodies.body(objectKey: "o", contentHash: other) == "other")
    }

    @Test func aMissingObjectIsNotFound() async throws {
        let bodies = LessonBodies(bucket: self.memory.bucket)
        let error = await #expect(throws: LessonBodyError.self) {
            try await bodies.body(objectKey: "none", contentHash: ContentHash(of: "").hex)
        }
        #expect(error?.code == .notFound)
    }

    @Test func anotherTextUnderTheSameKeyIsNeverShown() async throws {
        let bodies = LessonBodies(bucket: self.memory.bucket)
        let hash = self.publish("the text")
        self.memory.set("k", Array("the test".utf8))
        let error = await #expect(throws: LessonBodyError.self) {
            try await bodies.body(objectKey: "k", contentHash: hash)
        }
        #expect(error?.code == .corrupt)
        self.memory.set("k", [0xFF, 0xFE])
        let invalid = await #expect(throws: LessonBodyError.self) {
            try await bodies.body(objectKey: "k", contentHash: ContentHash(of: [0xFF, 0xFE]).hex)
        }
        #expect(invalid?.code == .corrupt)
    }

    @Test func manyReadersOfOneTextShareOneRequest() async throws {
        let bodies = LessonBodies(bucket: self.memory.bucket)
        let hash = self.publish("shared")
        self.memory.interfere { _, _ in for _ in 0..<200 { await Task.yield() } }
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<100 { group.addTask { try await bodies.body(objectKey: "k", contentHash: hash) } }
            for try await text in group { #expect(text == "shared") }
        }
        #expect(self.memory.count(.get) == 1)
    }

    @Test func manyReadersShareOneFailureToo() async throws {
        let bodies = LessonBodies(bucket: self.memory.bucket)
        let hash = self.publish("shared")
        self.memory.interfere { _, _ in
            for _ in 0..<5_000 { await Task.yield() }
            throw outage
        }
        let failures = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 {
                group.addTask { await (try? bodies.body(objectKey: "k", contentHash: hash)) == nil }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(failures == 50)
        #expect(self.memory.count(.get) < 50)
    }

    @Test func areaderWhoLeavesTakesNobodyAlong() async throws {
        let bodies = LessonBodies(bucket: self.memory.bucket)
        let hash = self.publish("shared")
        let first = AsyncStream<Void>.makeStream()
        let isFirst = Mutex(true)
        self.memory.interfere { _, _ in
            let mine = isFirst.withLock { value in
                defer { value = false }
                return value
            }
            guard mine else { return }
            first.continuation.yield()
            try await Task.sleep(for: .seconds(60))
        }
        let leader = Task { try await bodies.body(objectKey: "k", contentHash: hash) }
        for await _ in first.stream { break }
        let follower = Task { try await bodies.body(objectKey: "k", contentHash: hash) }
        let leaver = Task { try await bodies.body(objectKey: "k", contentHash: hash) }
        leaver.cancel()
        await #expect(throws: CancellationError.self) { try await leaver.value }
        leader.cancel()
        await #expect(throws: CancellationError.self) { try await leader.value }
        #expect(try await follower.value == "shared")
    }
}

@Suite struct BodyCacheTests {
    private static let overhead = 128 + 1

    @Test func whatWasUsedLongestAgoGoesFirst() {
        var cache = BodyCache<String>(capacity: 3 * (Self.overhead + 10))
        for key in ["a", "b", "c"] { cache.insert("0123456789", for: key) }
        #expect(cache.text(for: "a") == "0123456789")
        cache.insert("0123456789", for: "d")
        #expect(cache.text(for: "b") == nil)
        #expect(["a", "c", "d"].allSatisfy { cache.text(for: $0) != nil })
        #expect(cache.bytes == 3 * (Self.overhead + 10))
    }

    @Test func whatExceedsTheWholeCapacityIsNotKept() {
        var cache = BodyCache<String>(capacity: Self.overhead + 10)
        cache.insert("0123456789", for: "a")
        cache.insert("0123456789x", for: "b")
        #expect(cache.text(for: "a") != nil)
        #expect(cache.text(for: "b") == nil)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func theCapacityIsNeverExceededAndEveryTextIsTheOneInserted(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var cache = BodyCache<String>(capacity: 4_000)
        var model: [String: String] = [:]
        for _ in 0..<5_000 {
            let key = "k\(Int.random(in: 0..<60, using: &generator))"
            if Bool.random(using: &generator) {
                let text = String(repeating: "x", count: Int.random(in: 0..<300, using: &generator))
                cache.insert(text, for: key)
                model[key] = text
            } else if let text = cache.text(for: key) {
                #expect(text == model[key], "seed \(seed)")
            }
            #expect(cache.bytes <= 4_000, "seed \(seed)")
        }
    }
}

@Suite struct IndexRecipeTests {
    @Test(arguments: [
        ("lectern", "hashing_v1", 512, "lectern_hashing_v1_512"),
        ("lectern", "minilm", 384, "lectern_minilm_384"),
    ])
    func aPlainNameIsKept(prefix: String, model: String, dimension: Int, collection: String) {
        #expect(
            IndexRecipe(collectionPrefix: prefix, model: model, dimension: dimension, chunking: "1").collection
                == collection)
    }

    @Test(arguments: [
        "text-embedding-3-small", "text.embedding.3.small", "Text_Embedding_3_Small", "модель", "a/b:c",
        String(repeating: "m", count: 300), "",
    ])
    func everyCollectionNameIsShortAndPlain(model: String) {
        let name = IndexRecipe(collectionPrefix: "My Books", model: model, dimension: 1_536, chunking: "1").collection
        #expect(name.utf8.count <= 63)
        #expect(name.utf8.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x61 && $0 <= 0x7A) || $0 == 0x5F })
    }

    @Test func namesThatDifferOnlyInSignsHaveCollectionsOfTheirOwn() {
        let names = ["a-b", "a.b", "A-b", "a_b"].map {
            IndexRecipe(model: $0, dimension: 3, chunking: "1").collection
        }
        #expect(Set(names).count == 4)
    }
}
