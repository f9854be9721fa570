import Foundation
import ServerTesting
import Synchronization
import Testing

@testable import StorageServer

@Suite struct ObjectStoreModelTests {
    /// Random operations on the store and on a dictionary must always tell the same.
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func theStoreBehavesLikeADictionary(seed: UInt64) throws {
        let scratch = try ScratchDirectory()
        var generator = SeededGenerator(seed: seed)
        let bucket = try BucketName("model")
        var store: ObjectStore? = try ObjectStore(path: scratch.path + "/data", now: { Date() })
        var model: [[UInt8]: [UInt8]] = [:]
        for step in 0..<400 {
            let key = try RandomKeys.key(using: &generator)
            let operation = Int.random(in: 0..<10, using: &generator)
            if operation == 9 {
                store = nil
                store = try ObjectStore(path: scratch.path + "/data", now: { Date() })
            }
            let open = try #require(store)
            switch operation {
            case 0...4:
                let content = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                    UInt8.random(in: 0...255, using: &generator)
                }
                _ = try open.put(key, in: bucket, content: content, contentType: "application/octet-stream")
                model[key.bytes] = content
            case 5, 6:
                #expect(
                    try open.delete(key, in: bucket) == (model.removeValue(forKey: key.bytes) != nil),
                    "seed \(seed), step \(step)")
            case 7:
                #expect(try open.get(key, in: bucket)?.content == model[key.bytes], "seed \(seed), step \(step)")
            default:
                let prefix = String(
                    decoding: key.bytes.prefix(Int.random(in: 0...key.bytes.count, using: &generator)), as: UTF8.self)
                try Self.compareListing(open, bucket, Array(prefix.utf8), prefix, model, using: &generator)
            }
        }
        let open = try #require(store)
        try Self.compareListing(open, bucket, [], "", model, using: &generator)
    }

    private static func compareListing(
        _ store: ObjectStore, _ bucket: BucketName, _ prefix: [UInt8], _ text: String, _ model: [[UInt8]: [UInt8]],
        using generator: inout SeededGenerator
    ) throws {
        let expected = model.keys.filter { $0.starts(with: prefix) }.sorted { $0.lexicographicallyPrecedes($1) }
        var found: [[UInt8]] = []
        var token: String?
        repeat {
            let limit = Int.random(in: 1...5, using: &generator)
            let page = try store.list(bucket, prefix: text, limit: limit, pageToken: token)
            found += page.objects.map(\.key.bytes)
            token = page.nextPageToken
        } while token != nil
        #expect(found == expected)
    }

    @Test func concurrentWritersLeaveOneOfTheirObjectsWhole() async throws {
        let scratch = try ScratchDirectory()
        let store = try ObjectStore(path: scratch.path + "/data", now: { Date() })
        let bucket = try BucketName("b")
        let key = try ObjectKey("deep/down/contested")
        let wrong = Counter()
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    for round in 0..<25 {
                        let content = Array(repeating: UInt8(writer), count: 1 + 997 * (round % 5))
                        let isStored =
                            (try? store.put(key, in: bucket, content: content, contentType: "text/plain")) != nil
                        if !isStored { wrong.add() }
                        // Removes folders under the others' feet.
                        if round % 7 == writer, (try? store.delete(key, in: bucket)) == nil {
                            wrong.add()
                        }
                    }
                }
            }
            for _ in 0..<2 {
                group.addTask {
                    for _ in 0..<100 {
                        do {
                            guard let (object, content) = try store.get(key, in: bucket) else { continue }
                            if Set(content).count != 1 || content.count != object.size { wrong.add() }
                        } catch {
                            wrong.add()
                        }
                    }
                }
            }
        }
        #expect(wrong.value == 0)
        #expect(try scratch.files(below: "data/scratch").isEmpty)
    }
}

/// Counts from many tasks.
private final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { self.count.load(ordering: .relaxed) }

    func add() { self.count.wrappingAdd(1, ordering: .relaxed) }
}
