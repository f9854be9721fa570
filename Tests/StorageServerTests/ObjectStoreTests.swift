import ContentHashing
import Foundation
import ServerTesting
import Testing

@testable import StorageServer

@Suite struct ObjectStoreTests {
    let scratch: ScratchDirectory
    let bucket: BucketName

    init() throws {
        self.scratch = try ScratchDirectory()
        self.bucket = try BucketName("books_main")
    }

    private func store(maximumObjectBytes: Int = 16 << 20) throws -> ObjectStore {
        try ObjectStore(
            path: self.scratch.path + "/data", limits: .init(maximumObjectBytes: maximumObjectBytes),
            now: { Date(timeIntervalSince1970: 1_800_000_000.25) })
    }

    @discardableResult
    private func put(_ store: ObjectStore, _ key: String, _ text: String) throws -> StoredObject {
        try store.put(ObjectKey(key), in: self.bucket, content: Array(text.utf8), contentType: "text/markdown")
    }

    private func text(_ store: ObjectStore, _ key: String) throws -> String? {
        try store.get(ObjectKey(key), in: self.bucket).map { String(decoding: $0.content, as: UTF8.self) }
    }

    @Test func whatWasPutComesBackWithItsChecksum() throws {
        let store = try self.store()
        let object = try self.put(store, "parts/01/lesson.md", "# Hello")
        #expect(object.size == 7)
        #expect(object.sha256 == SHA256Hex.of("# Hello"))
        #expect(object.modifiedAt == "2027-01-15T08:00:00.250Z")
        let got = try #require(try store.get(ObjectKey("parts/01/lesson.md"), in: self.bucket))
        #expect(got.object == object)
        #expect(got.content == Array("# Hello".utf8))
        #expect(try store.head(ObjectKey("parts/01/lesson.md"), in: self.bucket) == object)
        #expect(try store.bucketNames() == [self.bucket])
    }

    @Test func anEmptyObjectIsAnObject() throws {
        let store = try self.store()
        try self.put(store, "empty", "")
        #expect(try self.text(store, "empty") == "")
    }

    @Test func whatIsNotThereIsNil() throws {
        let store = try self.store()
        #expect(try self.text(store, "a") == nil)
        try self.put(store, "a/b", "1")
        #expect(try self.text(store, "a") == nil)
        #expect(try self.text(store, "a/b/c") == nil)
        #expect(try store.head(ObjectKey("x"), in: BucketName("other")) == nil)
        #expect(try !store.delete(ObjectKey("x"), in: BucketName("other")))
    }

    @Test func objectsSurviveReopening() throws {
        try self.put(self.store(), "a/b", "kept")
        #expect(try self.text(self.store(), "a/b") == "kept")
    }

    @Test func aSecondProcessCannotOpenTheSameDirectory() throws {
        let first = try self.store()
        let error = try #require(throws: StorageError.self) { try self.store() }
        #expect(error.code == .inUse)
        try self.put(first, "a", "1")
    }

    @Test func deletingRemovesTheObjectAndItsEmptyFoldersOnly() throws {
        let store = try self.store()
        try self.put(store, "a/b/c", "1")
        try self.put(store, "a/d", "2")
        #expect(try store.delete(ObjectKey("a/b/c"), in: self.bucket))
        #expect(try !store.delete(ObjectKey("a/b/c"), in: self.bucket))
        #expect(try self.text(store, "a/d") == "2")
        #expect(try self.scratch.files(below: "data/buckets") == ["books_main/a.d/d.o"])
        #expect(!FileManager.default.fileExists(atPath: self.scratch.path + "/data/buckets/books_main/a.d/b.d"))
    }

    @Test func puttingTheSameAgainKeepsTheObjectAsItStands() throws {
        let store = try self.store()
        let first = try self.put(store, "a", "same")
        let path = self.scratch.path + "/data/buckets/books_main/a.o"
        let before = try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
        #expect(try self.put(store, "a", "same") == first)
        let after = try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
        #expect(before == after)
        let other = try store.put(
            ObjectKey("a"), in: self.bucket, content: Array("same".utf8), contentType: "text/plain")
        #expect(other.contentType == "text/plain")
        #expect(try store.head(ObjectKey("a"), in: self.bucket)?.contentType == "text/plain")
    }

    @Test func aFlippedBitAnywhereIsReportedAndNeverServed() throws {
        let store = try self.store()
        try self.put(store, "a", "some content")
        let path = self.scratch.path + "/data/buckets/books_main/a.o"
        let sound = try Data(contentsOf: URL(fileURLWithPath: path))
        for offset in sound.indices {
            var spoiled = sound
            spoiled[offset] ^= 0x10
            try spoiled.write(to: URL(fileURLWithPath: path))
            let error = try #require(throws: StorageError.self) { try self.text(store, "a") }
            #expect(error.code == .corrupted)
        }
        for length in 0..<sound.count {
            try sound.prefix(length).write(to: URL(fileURLWithPath: path))
            #expect(throws: StorageError.self) { try self.text(store, "a") }
        }
    }

    @Test func puttingTheSameOverADamagedObjectRepairsIt() throws {
        let store = try self.store()
        try self.put(store, "a", "some content")
        let url = URL(fileURLWithPath: self.scratch.path + "/data/buckets/books_main/a.o")
        var spoiled = try Data(contentsOf: url)
        spoiled[spoiled.count - 1] ^= 1
        try spoiled.write(to: url)
        try self.put(store, "a", "some content")
        #expect(try self.text(store, "a") == "some content")
    }

    @Test func anObjectMovedToAnotherNameIsReportedAsDamaged() throws {
        let store = try self.store()
        try self.put(store, "a", "of a")
        let folder = self.scratch.path + "/data/buckets/books_main/"
        try FileManager.default.moveItem(atPath: folder + "a.o", toPath: folder + "b.o")
        #expect(throws: StorageError.self) { try self.text(store, "b") }
    }

    @Test func symbolicLinksAreNeverFollowed() throws {
        let store = try self.store()
        try self.put(store, "dir/a", "inside")
        let outside = self.scratch.path + "/outside"
        try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
        let bucketPath = self.scratch.path + "/data/buckets/books_main/"
        try FileManager.default.copyItem(atPath: bucketPath + "dir.d/a.o", toPath: outside + "/a.o")
        try FileManager.default.createSymbolicLink(atPath: bucketPath + "link.d", withDestinationPath: outside)
        try FileManager.default.createSymbolicLink(atPath: bucketPath + "file.o", withDestinationPath: outside + "/a.o")
        #expect(throws: StorageError.self) { try self.text(store, "link/a") }
        #expect(throws: StorageError.self) { try self.text(store, "file") }
        #expect(throws: StorageError.self) { try self.put(store, "link/b", "escaped") }
        #expect(throws: StorageError.self) { try store.delete(ObjectKey("link/a"), in: self.bucket) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside) == ["a.o"])
    }

    @Test func leftoversOfAKilledProcessAreRemovedAtTheNextStart() throws {
        try self.put(self.store(), "a", "old")
        let leftover = self.scratch.path + "/data/scratch/put-17"
        try Data("half an obj".utf8).write(to: URL(fileURLWithPath: leftover))
        #expect(try self.text(self.store(), "a") == "old")
        #expect(!FileManager.default.fileExists(atPath: leftover))
    }

    @Test func contentOverTheLimitIsRefusedAndTheOldStays() throws {
        let store = try self.store(maximumObjectBytes: 8)
        try self.put(store, "a", "12345678")
        let error = try #require(throws: StorageError.self) { try self.put(store, "a", "123456789") }
        #expect(error.code == .tooLarge)
        #expect(try self.text(store, "a") == "12345678")
    }

    @Test(arguments: ["", "text/plain\r\nX: y", "téxt/plain", String(repeating: "t", count: 256)])
    func aBadContentTypeIsRefused(_ type: String) throws {
        let store = try self.store()
        #expect(throws: StorageError.self) {
            try store.put(ObjectKey("a"), in: self.bucket, content: [], contentType: type)
        }
    }
}
