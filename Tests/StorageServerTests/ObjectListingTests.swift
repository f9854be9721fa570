import Foundation
import ServerTesting
import Testing

@testable import StorageServer

@Suite struct ObjectListingTests {
    let scratch: ScratchDirectory
    let store: ObjectStore
    let bucket: BucketName

    init() throws {
        self.scratch = try ScratchDirectory()
        self.store = try ObjectStore(path: self.scratch.path + "/data", now: { Date(timeIntervalSince1970: 0) })
        self.bucket = try BucketName("b")
    }

    private func put(_ keys: [String]) throws {
        for key in keys {
            _ = try self.store.put(ObjectKey(key), in: self.bucket, content: [], contentType: "text/plain")
        }
    }

    private func keys(prefix: String = "", limit: Int = 1000) throws -> [String] {
        var keys: [String] = []
        var token: String?
        repeat {
            let page = try self.store.list(self.bucket, prefix: prefix, limit: limit, pageToken: token)
            #expect(page.objects.count <= limit)
            keys += page.objects.map(\.key.description)
            token = page.nextPageToken
        } while token != nil
        return keys
    }

    @Test func keysComeInByteOrderWhateverThePageSize() throws {
        let keys = ["a", "a!", "a/b", "a/b/c", "a0", "b/x", "B", "é", "e\u{301}"]
        try self.put(keys)
        let sorted = keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        for limit in [1, 2, 3, 1000] {
            #expect(try self.keys(limit: limit) == sorted)
        }
    }

    @Test func aPrefixMayEndInMidSegment() throws {
        try self.put(["lessons/01-a.md", "lessons/01-b.md", "lessons/02.md", "lessons", "less/x", "other"])
        #expect(try self.keys(prefix: "lessons/01") == ["lessons/01-a.md", "lessons/01-b.md"])
        #expect(try self.keys(prefix: "lesson") == ["lessons", "lessons/01-a.md", "lessons/01-b.md", "lessons/02.md"])
        #expect(try self.keys(prefix: "lessons/") == ["lessons/01-a.md", "lessons/01-b.md", "lessons/02.md"])
        #expect(try self.keys(prefix: "nothing") == [])
        #expect(try self.keys(prefix: "../").isEmpty)
    }

    @Test func objectsThatComeAndGoNeitherShiftNorRepeatTheOthers() throws {
        let steady = (0..<40).map { String(format: "k%03d", $0 * 10) }
        try self.put(steady)
        var seen: [String] = []
        var token: String?
        var round = 0
        repeat {
            let page = try self.store.list(self.bucket, prefix: "", limit: 7, pageToken: token)
            seen += page.objects.map(\.key.description)
            token = page.nextPageToken
            round += 1
            // Before and behind the place where the listing stands.
            try self.put([String(format: "k%03d", round * 3 + 1), String(format: "k%03d", 399 - round)])
            _ = try self.store.delete(ObjectKey(String(format: "k%03d", round * 3 + 1)), in: self.bucket)
        } while token != nil
        #expect(seen.filter { steady.contains($0) } == steady)
        #expect(Set(seen).count == seen.count)
    }

    @Test func aTokenServesOnlyItsOwnListing() throws {
        try self.put(["a/1", "a/2", "b/1"])
        let token = try #require(try self.store.list(self.bucket, prefix: "a/", limit: 1, pageToken: nil).nextPageToken)
        #expect(throws: StorageError.self) {
            try self.store.list(self.bucket, prefix: "b/", limit: 1, pageToken: token)
        }
        #expect(throws: StorageError.self) {
            try self.store.list(BucketName("c"), prefix: "a/", limit: 1, pageToken: token)
        }
        for junk in ["", "x", "!!!!", token + "A=", String(repeating: "A", count: 4000)] {
            #expect(throws: StorageError.self) {
                try self.store.list(self.bucket, prefix: "a/", limit: 1, pageToken: junk)
            }
        }
    }

    @Test(arguments: [0, -1, 1001])
    func aLimitOutOfBoundsIsRefused(_ limit: Int) {
        #expect(throws: StorageError.self) {
            try self.store.list(self.bucket, prefix: "", limit: limit, pageToken: nil)
        }
    }

    @Test func foreignFilesInABucketAreLeftAlone() throws {
        try self.put(["a"])
        try Data().write(to: URL(fileURLWithPath: self.scratch.path + "/data/buckets/b/.DS_Store"))
        #expect(try self.keys() == ["a"])
    }

    @Test func aFolderOfManyObjectsIsListedPageByPage() throws {
        let keys = (0..<1500).map { String(format: "n%05d", $0 * 7919 % 100_000) }
        try self.put(keys)
        #expect(try self.keys(limit: 100) == keys.sorted())
    }
}
