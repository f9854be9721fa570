import Foundation
import ServerTesting

@testable import SemanticIndex

/// The files of a model, either made by hand from a few tokens or fetched.
struct StaticModelFixture {
    /// The tokens behind the 256 bytes, which have the numbers 0 to 255.
    var words = ["▁", "a", "b", "ab", "▁ab", "aba", "ί", "\u{1F77}"]
    var merges = ["a b", "▁ ab", "ab a"]
    var normalizer = """
        {"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},
        {"type":"Replace","pattern":{"String":" "},"content":"▁"}]}
        """
    var more = #""dropout":null,"ignore_merges":false,"fuse_unk":true"#

    /// The number of a token.
    func number(_ word: String) -> UInt32 {
        UInt32(256 + (self.words.firstIndex { $0.utf8.elementsEqual(word.utf8) } ?? -1))
    }

    /// The tokenizer's file.
    var tokenizer: String {
        let bytes = (0..<256).map { "\"<0x\(String(format: "%02X", $0))>\":\($0)" }
        let words = self.words.enumerated().map { "\"\($0.element)\":\(256 + $0.offset)" }
        let merges = self.merges.map { "\"\($0)\"" }.joined(separator: ",")
        return """
            {"version":"1.0","added_tokens":[{"id":0,"content":"<s>"}],"normalizer":\(self.normalizer),
            "pre_tokenizer":null,"model":{"type":"BPE",\(self.more),"byte_fallback":true,
            "vocab":{\((bytes + words).joined(separator: ","))},"merges":[\(merges)]}}
            """
    }

    /// A table of vectors of length 2: token n has (n mod 4, 1), except the last, which has (0, 0).
    var table: [UInt8] {
        let rows = 256 + self.words.count
        let halves: [UInt16] = [0x0000, 0x3C00, 0x4000, 0x4200]
        let numbers = (0..<rows).flatMap { row -> [UInt16] in
            row == rows - 1 ? [0, 0] : [halves[row % 4], 0x3C00]
        }
        return Self.safetensors(
            header: #"{"embedding.weight":{"dtype":"F16","shape":[\#(rows),2],"data_offsets":[0,\#(4 * rows)]}}"#,
            numbers: numbers)
    }

    static func safetensors(header: String, length: UInt64? = nil, numbers: [UInt16]) -> [UInt8] {
        let length = length ?? UInt64(header.utf8.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(8 * $0)) } + Array(header.utf8)
            + numbers.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    }

    /// Writes the files to a folder and loads the model from there.
    func load(table: [UInt8]? = nil, tokenizer: String? = nil) throws -> StaticTokenEmbedder {
        try Self.load(table: table ?? self.table, tokenizer: Array((tokenizer ?? self.tokenizer).utf8))
    }

    static func load(table: [UInt8], tokenizer: [UInt8]) throws -> StaticTokenEmbedder {
        let folder = try ScratchDirectory()
        let url = URL(filePath: folder.path)
        try Data(table).write(to: url.appending(path: StaticTokenEmbedder.tableName))
        try Data(tokenizer).write(to: url.appending(path: StaticTokenEmbedder.tokenizerName))
        return try StaticTokenEmbedder(folder: folder.path)
    }

    /// Where the fetched model lies: below `LECTERN_MODELS`, else below `.lectern/models` of the project.
    static let fetched: String? = {
        let models =
            ProcessInfo.processInfo.environment["LECTERN_MODELS"]
            ?? Self.project.appending(path: ".lectern/models").path
        let folder = models + "/wordllama"
        return FileManager.default.fileExists(atPath: folder) ? folder : nil
    }()

    /// A file of `Tests/Support/static_model`.
    static func support(_ name: String) throws -> Data {
        try Data(contentsOf: Self.project.appending(path: "Tests/Support/static_model/\(name)"))
    }

    private static let project = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
}
