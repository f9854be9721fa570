import FoundationEssentials
import ServerTesting
import Testing

@testable import Personalization

struct LineDiffTests {
    @Test func changedLinesStandBetweenEqualOnes() {
        let diff = LineDiff(from: "a\nb\nc\nd", to: "a\nx\ny\nc\nd\ne")
        #expect(
            diff.hunks == [
                .init(kind: .equal, lines: ["a"]), .init(kind: .delete, lines: ["b"]),
                .init(kind: .insert, lines: ["x", "y"]), .init(kind: .equal, lines: ["c", "d"]),
                .init(kind: .insert, lines: ["e"]),
            ])
        #expect(LineDiff(from: "a\r\nb", to: "a\nb").hunks == [.init(kind: .equal, lines: ["a", "b"])])
        #expect(LineDiff(from: "", to: "").hunks == [.init(kind: .equal, lines: [""])])
    }

    @Test(arguments: 0..<400)
    func hunksLeadFromTheOldTextToTheNew(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func lines() -> [String] { (0..<random.below(40)).map { _ in random.pick(["a", "b", "c", ""]) } }
        let old = lines()
        let new = lines()
        let diff = LineDiff(from: old, to: new, maximumEdits: seed % 3 == 0 ? 5 : 1000)
        #expect(diff.old == old && diff.new == new)
        #expect(diff.hunks.allSatisfy { !$0.lines.isEmpty })
        for (first, second) in zip(diff.hunks, diff.hunks.dropFirst()) {
            #expect(first.kind != second.kind)
            #expect(!(first.kind == .insert && second.kind == .delete))
        }
    }

    @Test(arguments: 0..<200)
    func noShorterWayIsMissed(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let old = (0..<random.below(12)).map { _ in random.pick(["a", "b", "c"]) }
        let new = (0..<random.below(12)).map { _ in random.pick(["a", "b", "c"]) }
        let kept = LineDiff(from: old, to: new).hunks.filter { $0.kind == .equal }.flatMap(\.lines).count
        #expect(kept == Self.longestCommon(old, new))
    }

    /// The length of the longest common subsequence, by the table that every textbook has.
    private static func longestCommon(_ old: [String], _ new: [String]) -> Int {
        var table = [[Int]](repeating: [Int](repeating: 0, count: new.count + 1), count: old.count + 1)
        for row in old.indices {
            for column in new.indices {
                table[row + 1][column + 1] =
                    old[row] == new[column]
                    ? table[row][column] + 1 : max(table[row][column + 1], table[row + 1][column])
            }
        }
        return table[old.count][new.count]
    }

    @Test func hugeDifferencesAreReplacedAsABlock() {
        let old = (0..<20_000).map { "old \($0)" }
        let new = (0..<20_000).map { "new \($0)" }
        let diff = LineDiff(from: ["head"] + old + ["tail"], to: ["head"] + new + ["tail"])
        #expect(diff.hunks.map(\.kind) == [.equal, .delete, .insert, .equal])
    }

    @Test func hunksAreEncodedByTheirNames() throws {
        let bytes = try JSONEncoder().encode(LineDiff(from: "a", to: "b").hunks.map(\.kind))
        #expect(String(decoding: bytes, as: UTF8.self) == #"["delete","insert"]"#)
    }
}
