import ContentHashing
import FoundationEssentials
import ServerTesting
import Testing

@Suite struct ContentHashTests {
    /// The values that xxHash's Python binding gives.
    @Test(
        arguments: [
            ("", "99aa06d3014798d86001c324468d497f"),
            ("a", "a96faf705af16834e6c632b61e964e1f"),
            ("abc", "06b05ab6733a618578af5f94892f3950"),
        ])
    func theWrittenFormIsTheCanonicalOne(text: String, hex: String) {
        #expect(ContentHash(of: text).hex == hex)
        #expect("\(ContentHash(of: Array(text.utf8)))" == hex)
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func howTheBytesAreCutMakesNoDifference(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let bytes = (0..<Int.random(in: 0...2000, using: &generator)).map { _ in
            UInt8.random(in: .min ... .max, using: &generator)
        }
        var content = ContentHasher()
        var secure = SHA256Hasher()
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(Int.random(in: 1...300, using: &generator))
            content.update(part)
            secure.update(part)
            rest = rest.dropFirst(part.count)
        }
        #expect(content.finalize() == ContentHash(of: bytes), "seed \(seed)")
        #expect(content.finalize() == ContentHash(of: bytes.lazy.map { $0 }), "seed \(seed)")
        #expect(secure.finalizeHex() == SHA256Hex.of(bytes), "seed \(seed)")
    }

    @Test func theWrittenFormIsReadBack() throws {
        let hash = ContentHash(of: "lesson")
        #expect(ContentHash(hex: hash.hex) == hash)
        #expect(ContentHash(hex: hash.hex.uppercased()) == hash)
        #expect(hash.bytes.count == 16)
        let json = try JSONEncoder().encode([hash])
        #expect(String(decoding: json, as: UTF8.self) == "[\"\(hash.hex)\"]")
        #expect(try JSONDecoder().decode([ContentHash].self, from: json) == [hash])
    }

    @Test(arguments: ["", "99aa", "99aa06d3014798d86001c324468d497g", "99aa06d3014798d86001c324468d497f0", " 9aa06d3014798d86001c324468d497f"])
    func whatIsNoHashIsRefused(text: String) {
        #expect(ContentHash(hex: text) == nil)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([ContentHash].self, from: Data("[\"\(text)\"]".utf8))
        }
    }

    /// FIPS 180-4's examples.
    @Test func theSecureHashIsSHA256() {
        #expect(SHA256Hex.of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(SHA256Hex.of([UInt8]()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }
}
