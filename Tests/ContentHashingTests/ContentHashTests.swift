import ContentHashing
import FoundationEssentials
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

    /// Lengths around the borders at which XXH3 changes its way of working (16, 128, 240, 1024 bytes).
    @Test(arguments: [1, 3, 64, 256, 300], [0, 1, 16, 17, 128, 129, 240, 241, 1024, 1025, 5000])
    func howTheBytesAreCutMakesNoDifference(size: Int, length: Int) {
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* $0 &+ 7) }
        var content = ContentHasher()
        var secure = SHA256Hasher()
        for start in stride(from: 0, to: length, by: size) {
            let part = bytes[start..<min(start + size, length)]
            content.update(part)
            secure.update(part)
        }
        let hash = content.finalize()
        #expect(hash == ContentHash(of: bytes))
        #expect(hash == ContentHash(of: bytes.lazy.map { $0 }))
        #expect(secure.finalizeHex() == SHA256Hex.of(bytes))
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

    @Test(arguments: [
        "", "99aa", "99aa06d3014798d86001c324468d497g", "99aa06d3014798d86001c324468d497f0",
        " 9aa06d3014798d86001c324468d497f",
    ])
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
