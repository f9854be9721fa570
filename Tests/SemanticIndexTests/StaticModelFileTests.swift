import Foundation
import ServerTesting
import Testing

@testable import SemanticIndex

/// What is no model is refused, with the file and the reason.
@Suite struct StaticModelFileTests {
    private let fixture = StaticModelFixture()

    /// The error of a table whose header is `header` and which holds 528 half-precision ones.
    private func refusal(header: String, length: UInt64? = nil, numbers: Int = 528) throws -> StaticModelError? {
        let table = StaticModelFixture.safetensors(
            header: header, length: length, numbers: [UInt16](repeating: 0x3C00, count: numbers))
        return self.refusal(table: table)
    }

    private func refusal(table: [UInt8]? = nil, tokenizer: String? = nil) -> StaticModelError? {
        do {
            _ = try self.fixture.load(table: table, tokenizer: tokenizer)
            return nil
        } catch { return error as? StaticModelError }
    }

    private static func header(
        name: String = "embedding.weight", type: String = "F16", shape: String = "[264,2]", offsets: String = "[0,1056]"
    ) -> String {
        #"{"__metadata__":{"format":"pt"},"\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}}"#
    }

    @Test func aTableThatIsInOrderIsTaken() throws {
        #expect(try self.refusal(header: Self.header()) == nil)
        #expect(try self.refusal(header: Self.header(offsets: "[2,1058]"), numbers: 529) == nil)
    }

    @Test(arguments: [
        (Self.header(name: "other"), StaticModelError.Code.malformed, "no tensor embedding.weight"),
        (Self.header(type: "F32"), .unsupported, "F32"),
        (Self.header(shape: "[264]"), .unsupported, "shape"),
        (Self.header(shape: "[264,2,1]"), .unsupported, "shape"),
        (Self.header(shape: "[0,2]"), .unsupported, "shape"),
        (Self.header(shape: "[132,4]"), .mismatched, "132 vectors"),
        (Self.header(shape: "[264,3]"), .malformed, "not the bytes for it"),
        (Self.header(shape: "[9223372036854775807,2]"), .malformed, "too large"),
        (Self.header(shape: "[1048576,4096]"), .malformed, "not the bytes for it"),
        (Self.header(shape: "[264.0,2]"), .malformed, "whole number"),
        (Self.header(shape: "[-264,2]"), .malformed, "whole number"),
        (Self.header(shape: "264"), .malformed, "expected"),
        (Self.header(shape: "[1,1,1,1,1,1,1,1,1]"), .malformed, "too long"),
        (Self.header(offsets: "[0,1058]"), .malformed, "outside the file"),
        (Self.header(offsets: "[1056,0]"), .malformed, "outside the file"),
        (Self.header(offsets: "[999999999999999999,999999999999999999]"), .malformed, "outside the file"),
        (Self.header(offsets: "[0]"), .malformed, "outside the file"),
        (Self.header(offsets: "[0,1054]"), .malformed, "not the bytes for it"),
        (Self.header() + "{}", .malformed, "more than one value"),
        (String(Self.header().dropLast()), .malformed, "go on"),
        ("", .malformed, "expected"),
        ("[]", .malformed, "expected"),
        ("{\"embedding.weight", .malformed, "does not end"),
        (#"{"a":\#(String(repeating: "[", count: 100_000))"#, .malformed, "nests too deeply"),
        (
            #"{"embedding.weight":{},"embedding.weight":{}}"#, .malformed, "twice"
        ),
    ])
    func aTableThatIsNotInOrderIsRefused(header: String, code: StaticModelError.Code, words: String) throws {
        let error = try #require(try self.refusal(header: header))
        #expect(error.code == code, "\(error)")
        #expect(error.description.contains(words), "\(error)")
        #expect(error.path.hasSuffix(StaticTokenEmbedder.tableName))
    }

    @Test(arguments: [UInt64(1) << 20 + 1, 1 << 40, .max, 2_000])
    func aHeaderLongerThanItMayBeIsRefused(length: UInt64) throws {
        #expect(try self.refusal(header: Self.header(), length: length)?.message.contains("header claims") == true)
    }

    @Test(arguments: [0, 1, 7])
    func aTableWithoutAHeaderIsRefused(count: Int) {
        #expect(self.refusal(table: [UInt8](repeating: 0, count: count))?.code == .malformed)
    }

    @Test(arguments: [UInt16(0x7C00), 0xFC00, 0x7E00, 0x7C01], [0, 1, 262, 526, 527])
    func numbersThatAreNoneAreRefused(half: UInt16, place: Int) {
        var table = self.fixture.table
        let start = table.count - 2 * 528 + 2 * place
        (table[start], table[start + 1]) = (UInt8(half & 0xFF), UInt8(half >> 8))
        #expect(self.refusal(table: table)?.message.contains("infinity") == true)
    }

    @Test(arguments: [
        (#""type":"BPE""#, #""type":"WordPiece""#, StaticModelError.Code.unsupported, "WordPiece"),
        (#""byte_fallback":true"#, #""byte_fallback":false"#, .unsupported, "byte_fallback"),
        (#""dropout":null"#, #""dropout":0.1"#, .unsupported, "dropout"),
        (#""ignore_merges":false"#, #""ignore_merges":true"#, .unsupported, "merges"),
        (#""pre_tokenizer":null"#, #""pre_tokenizer":{"type":"Whitespace"}"#, .unsupported, "pre-tokenizer"),
        (#""prepend":"▁""#, #""prepend":"▁▁""#, .unsupported, "more than one character"),
        (#"{"String":" "}"#, #"{"Regex":"\\s"}"#, .unsupported, "pattern"),
        (#""type":"Prepend""#, #""type":"NFKC""#, .unsupported, "NFKC"),
        (#""<0x0A>":10,"#, "", .unsupported, "<0x0A>"),
        (#""a":257"#, #""a":258"#, .malformed, "twice"),
        (#""a":257"#, #""▁":300"#, .malformed, "twice"),
        (#""a":257"#, #""a":999999"#, .tooLarge, "999999"),
        (#""a":257"#, #""a":270"#, .mismatched, "271 tokens"),
        (#""a":257"#, #""a":"257""#, .malformed, "whole number"),
        (#""a":257"#, #""\ud83e":257"#, .malformed, "surrogate"),
        (#""a":257"#, #""\q":257"#, .malformed, "escape"),
        (#""a":257"#, "\"a\n\":257", .malformed, "does not end"),
        (#""a b""#, #""ab""#, .malformed, "two sides"),
        (#""a b""#, #""a c""#, .malformed, "merge 0"),
        (#""a b""#, #"["a"]"#, .malformed, "two sides"),
        (#""a b""#, #"["a","b","a"]"#, .malformed, "two sides"),
        (#""model""#, #""Model""#, .malformed, "no model"),
    ])
    func aTokenizerThatCannotBeFollowedIsRefused(
        part: String, other: String, code: StaticModelError.Code, words: String
    ) throws {
        let json = self.fixture.tokenizer
        try #require(json.contains(part))
        let error = try #require(self.refusal(tokenizer: json.replacing(part, with: other, maxReplacements: 1)))
        #expect(error.code == code, "\(error)")
        #expect(error.message.contains(words), "\(error)")
        #expect(error.description.contains(code == .mismatched ? "safetensors" : "tokenizer_config.json"))
    }

    @Test func everyBeginningOfTheTokenizersFileIsRefused() throws {
        let bytes = Array(self.fixture.tokenizer.utf8)
        for count in stride(from: 0, to: bytes.count, by: 7) {
            #expect(throws: StaticModelError.self) { try BytePairTokenizer(json: Array(bytes.prefix(count))) }
        }
    }

    @Test(arguments: UInt64(0)..<60)
    func filesOfRandomAndOfDamagedBytesNeverCrash(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var tokenizer = Array(self.fixture.tokenizer.utf8)
        var table = self.fixture.table
        for _ in 0..<(1 + generator.below(6)) {
            tokenizer[generator.below(tokenizer.count)] = UInt8(truncatingIfNeeded: generator.next())
            // The header is the part that can be misunderstood.
            table[generator.below(110)] = UInt8(truncatingIfNeeded: generator.next())
        }
        let noise = (0..<generator.below(500)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        for (table, tokenizer) in [
            (table, tokenizer), (self.fixture.table, tokenizer), (table, Array(self.fixture.tokenizer.utf8)),
            (noise, noise),
        ] {
            do {
                let model = try StaticModelFixture.load(table: table, tokenizer: tokenizer)
                #expect(model.vector(of: "a b ab é").count == model.dimension)
            } catch is StaticModelError {}
        }
    }

    @Test func aFolderWithoutTheFilesIsRefused() throws {
        let folder = try ScratchDirectory()
        #expect(throws: StaticModelError.self) { try StaticTokenEmbedder(folder: folder.path) }
        do {
            _ = try StaticTokenEmbedder(folder: folder.path + "/nowhere")
        } catch {
            #expect(error.code == .notFound)
            #expect(error.description.contains("/nowhere/\(StaticTokenEmbedder.tokenizerName)"))
        }
    }

    @Test func whatIsNoRegularFileIsRefusedAtOnce() throws {
        let folder = try ScratchDirectory()
        let path = folder.path + "/" + StaticTokenEmbedder.tokenizerName
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        #expect { try StaticTokenEmbedder(folder: folder.path) } throws: {
            ($0 as? StaticModelError)?.code == .unreadable
        }
        try FileManager.default.removeItem(atPath: path)
        #expect(mkfifo(path, 0o600) == 0)
        #expect { try StaticTokenEmbedder(folder: folder.path) } throws: {
            ($0 as? StaticModelError)?.code == .unreadable
        }
    }

    @Test func aFileLargerThanItMayBeIsNotRead() throws {
        let folder = try ScratchDirectory()
        let path = folder.path + "/large"
        try Data(count: 11).write(to: URL(filePath: path))
        #expect { try ModelFile.bytes(of: path, limit: 10) } throws: { ($0 as? StaticModelError)?.code == .tooLarge }
        #expect(try ModelFile.bytes(of: path, limit: 11).count == 11)
    }
}
