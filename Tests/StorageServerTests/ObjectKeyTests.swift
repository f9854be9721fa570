import ServerTesting
import Testing

@testable import StorageServer

@Suite struct ObjectKeyTests {
    @Test(arguments: [
        "", "/a", "a//b", "a/", ".", "..", "a/../b", "../../etc/passwd", "a/./b", "a\\b", "..\\..\\x", "a\u{0}b",
        "a\nb",
        "a\u{7F}", "a\u{85}b", String(repeating: "k", count: 1025), String(repeating: "é", count: 513),
    ])
    func aHostileKeyIsRefused(_ text: String) throws {
        let error = try #require(throws: StorageError.self) { try ObjectKey(text) }
        #expect(error.code == .invalidArgument)
    }

    @Test(arguments: [
        "a", "a/b/c.md", "books/AI Native/01 – Intro.md", "...", "a/...", ".hidden", "%2e%2e/x", "a%00", "اردو/سبق",
        String(repeating: "k", count: 1024), "a b\u{A0}c",
    ])
    func anOrdinaryKeyIsTaken(_ text: String) throws {
        #expect(try ObjectKey(text).description == text)
    }

    @Test func twoSpellingsOfOneLetterAreTwoKeys() throws {
        let composed = try ObjectKey("caf\u{E9}")
        let decomposed = try ObjectKey("cafe\u{301}")
        #expect(composed != decomposed)
        #expect(ObjectPath(composed) != ObjectPath(decomposed))
    }

    @Test(arguments: ["", "A", "-a", ".a", "a/b", "a b", "é", "..", String(repeating: "b", count: 64)])
    func aBadBucketNameIsRefused(_ text: String) {
        #expect(throws: StorageError.self) { try BucketName(text) }
    }

    @Test func everyNameOnDiskIsShortPlainAndReadsBack() throws {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<500 {
            let key = try RandomKeys.key(using: &generator)
            let path = ObjectPath(key)
            var rebuilt: [UInt8] = []
            for name in path.folders + [path.file] {
                #expect(name.utf8.count <= 255)
                #expect(name.utf8.allSatisfy { $0 < 0x80 && !(0x41...0x5A).contains($0) || name.contains("%") })
                rebuilt += try #require(EntryName(encoded: name)).added
            }
            #expect(rebuilt == key.bytes)
        }
    }

    @Test(arguments: ["a", "a.x", ".o2", "a%2.o", "a%6z.o", "A.o", "%61.o", "ä.o", "lock"])
    func aNameThatTheStoreDoesNotWriteIsNotRead(_ name: String) {
        #expect(EntryName(encoded: name) == nil)
    }
}

/// Keys that are likely to get in each other's way.
enum RandomKeys {
    static func key(using generator: inout SeededGenerator) throws -> ObjectKey {
        let pieces = ["a", "b", "A", "a!", "a0", "a.o", "é", "e\u{301}", "%", "-", "x.d", "zz", "~"]
        var segments: [String] = []
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            if Int.random(in: 0..<8, using: &generator) == 0 {
                let length = [79, 80, 81, 159, 160, 161, 240].randomElement(using: &generator) ?? 80
                let tail = pieces.randomElement(using: &generator) ?? ""
                segments.append(String(repeating: "l", count: length) + (Bool.random(using: &generator) ? tail : ""))
            } else {
                segments.append(pieces.randomElement(using: &generator) ?? "a")
            }
        }
        return try ObjectKey(segments.joined(separator: "/"))
    }
}
