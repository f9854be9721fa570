import Foundation
import ServerTesting
import Testing
import Textbook

@testable import SemanticIndex

/// What the chunker promises for any lesson.
@Suite struct ChunkerTests {
    private static let words = [
        "robot", "sensor", "learns", "the", "a", "of", "joint", "torque", "33", "walks", "balance", "when", "it",
        "measures", "force", "slowly", "and", "embodied",
    ]

    private static func sentence(_ generator: inout SeededGenerator) -> String {
        (0..<(3 + generator.below(20))).map { _ in generator.pick(self.words) }.joined(separator: " ") + ". "
    }

    private static func lines(_ count: Int, _ line: (Int) -> String) -> String {
        (0..<count).map { line($0) + "\n" }.joined()
    }

    private static func block(_ generator: inout SeededGenerator) -> String {
        let size = generator.below(12) == 0 ? 120 : 6
        let count = 1 + generator.below(size)
        switch generator.below(9) {
        case 0, 1, 2: return (0..<count).map { _ in self.sentence(&generator) }.joined() + "\n"
        case 3: return "```python\n" + self.lines(count) { $0 % 7 == 6 ? "" : "value_\($0) = read(\($0))" } + "```\n"
        case 4: return "| name | value |\n|---|---|\n" + self.lines(count) { "| row \($0) | \($0 * 3) |" }
        case 5: return self.lines(count) { "- item \($0) " + self.sentence(&generator) }
        case 6: return ":::note[Hint]\n\n" + self.sentence(&generator) + "\n\n```\n# code\n```\n:::\n"
        case 7: return "> " + self.sentence(&generator) + "\n"
        default: return "<!-- remark -->\n"
        }
    }

    static func lesson(_ generator: inout SeededGenerator) -> String {
        var text = generator.below(2) == 0 ? "---\ntitle: \"Front\"\nslug: secretslug\n---\n\n" : ""
        text += "# Lesson\n\n"
        for section in 0..<(1 + generator.below(6)) {
            text += "\(generator.pick(["##", "##", "###"])) Section \(section)\n\n"
            for _ in 0..<generator.below(5) { text += self.block(&generator) + "\n" }
        }
        return text
    }

    @Test(arguments: 1...30)
    func everyLessonIsCoveredWithinTheCap(round: Int) {
        let seed = UInt64(round)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<8 {
            let text = Self.lesson(&generator)
            let chunks = Chunker().chunks(of: text)
            let covered = Set(
                chunks.flatMap { $0.body.split(separator: " ", omittingEmptySubsequences: true) }
                    .flatMap { $0.split(separator: "\n") })
            let body = text.hasPrefix("---\n") ? String(text.drop { $0 != "#" }) : text
            for word in body.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
                #expect(covered.contains(word), "seed \(seed): \(word)")
            }
            for chunk in chunks {
                #expect(chunk.tokens <= 700, "seed \(seed)")
                #expect(chunk.tokens == ChunkerTokens.count(chunk.body))
                #expect(!chunk.body.isEmpty && !chunk.body.contains("secretslug"), "seed \(seed)")
            }
            #expect(chunks.map(\.index) == Array(0..<chunks.count))
            #expect(chunks == Chunker().chunks(of: text), "seed \(seed)")
            #expect(Set(chunks.map { "\($0.hash) \($0.occurrence)" }).count == chunks.count)
        }
    }

    @Test(arguments: 1...30)
    func blocksWithinTheCapAreNeverTorn(round: Int) {
        let seed = UInt64(round) + 100
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<8 {
            let text = Self.lesson(&generator)
            let bytes = Array(text.utf8)
            let bodies = Chunker().chunks(of: text).map(\.body)
            for block in BlockScanner.scan(bytes) {
                switch block.kind {
                case .frontMatter, .blank: continue
                default: break
                }
                let source = String(decoding: bytes[block.range], as: UTF8.self)
                guard ChunkerTokens.count(source) <= 500 else { continue }
                let trimmed = String(source.reversed().drop { $0.isWhitespace }.reversed())
                #expect(bodies.contains { $0.contains(trimmed) }, "seed \(seed)")
            }
        }
    }

    @Test(arguments: 1...30)
    func anEditOfOneWordChangesFewChunks(round: Int) {
        let seed = UInt64(round) + 500
        var generator = SeededGenerator(seed: seed)
        var changed = 0
        var total = 0
        for _ in 0..<8 {
            let text = Self.lesson(&generator)
            let before = Chunker().chunks(of: text)
            var words = text.split(separator: " ", omittingEmptySubsequences: false)
            let editable = words.indices.filter { Self.words.contains(String(words[$0])) }
            guard !editable.isEmpty, before.count > 1 else { continue }
            words[generator.pick(editable)] = "edited"
            let after = Set(Chunker().chunks(of: words.joined(separator: " ")).map(\.hash))
            changed += before.count { !after.contains($0.hash) }
            total += 1
        }
        // A split block re-flows behind the edit; anything else changes one chunk, or two that were merged anew.
        #expect(Double(changed) <= 2.5 * Double(total), "seed \(seed): \(changed) chunks in \(total) edits")
    }

    @Test func aLargeTableRepeatsItsHeader() {
        let rows = Self.lines(200) { "| row \($0) | value \($0) |" }
        let chunks = Chunker().chunks(of: "## Data\n\n| name | value |\n|---|---|\n" + rows)
        #expect(chunks.count > 3)
        for chunk in chunks { #expect(chunk.body.contains("| name | value |\n|---|---|\n| row")) }
        #expect(chunks.allSatisfy { $0.headingPath == ["Data"] && $0.sectionTitle == "Data" })
    }

    @Test func largeCodeIsCutBetweenLinesAndStaysCode() {
        let code = (0..<300).map { $0 % 10 == 9 ? "" : "let value\($0) = compute(\($0), scale: 2)" }
        let chunks = Chunker().chunks(of: "# T\n\n## Code\n\n```swift\n" + code.joined(separator: "\n") + "\n```\n")
        #expect(chunks.count > 3)
        let lines = Set(code + ["```swift", "```", "# T", "## Code"])
        for chunk in chunks {
            #expect(chunk.body.split(separator: "\n").allSatisfy { lines.contains(String($0)) })
            #expect(chunk.body.contains("```swift\n") && chunk.body.hasSuffix("\n```"))
        }
    }

    @Test func onlyPiecesOfOneBlockOverlap() throws {
        let long = (0..<200).map { "Sentence number \($0) says little. " }.joined()
        let chunks = Chunker().chunks(of: "## A\n\n\(long)\n\n## B\n\nShort text of its own.\n")
        let pieces = chunks.filter { $0.headingPath == ["A"] }
        #expect(pieces.count > 2)
        for (left, right) in zip(pieces, pieces.dropFirst()) {
            let first = try #require(right.body.split(separator: ".").first)
            #expect(left.body.contains(first))
        }
        #expect(chunks.last?.body == "## B\n\nShort text of its own.")
    }

    @Test func neighboursUnderOneHeadingAreMergedAndOthersAreNot() {
        let text = "# T\n\n## A\n\none\n\n### A1\n\ntwo\n\n### A2\n\nthree\n\n## B\n\nfour\n"
        let chunks = Chunker().chunks(of: text)
        #expect(chunks.map(\.headingPath) == [["A"], ["B"]])
        #expect(chunks.map(\.body) == ["# T\n\n## A\n\none\n\n### A1\n\ntwo\n\n### A2\n\nthree", "## B\n\nfour"])
        #expect(chunks.map(\.firstLine) == [1, 15])
    }

    @Test func theEmbeddedTextTellsThePlaceAndDropsLinkTargets() throws {
        let text = """
            ---
            title: x
            ---
            ## Head

            See [the map](https://example.com/a_(b)) and ![a robot](r.png), not `[code](x)`.
            <!-- hidden -->

            ```md
            [kept](as-is)
            ```
            """
        let chunk = try #require(Chunker().chunks(of: text, breadcrumb: ["Part", "Chapter", "Lesson"]).first)
        #expect(chunk.embedText.hasPrefix("Part > Chapter > Lesson > Head\n\n"))
        #expect(chunk.embedText.contains("See the map and a robot, not"))
        #expect(chunk.embedText.contains("[kept](as-is)"))
        #expect(!chunk.embedText.contains("hidden") && !chunk.embedText.contains("example.com"))
        #expect(chunk.body.contains("https://example.com/a_(b)"))
    }

    @Test func equalChunksAreToldApartByCount() {
        let chunks = Chunker().chunks(of: "## A\n\nsame\n\n## B\n\nx\n\n## A\n\nsame\n")
        #expect(chunks[0].hash == chunks[2].hash)
        #expect(chunks.map(\.occurrence) == [1, 1, 2])
    }

    @Test func aChunkThatMovesKeepsItsHash() {
        let before = Chunker().chunks(of: "# T\n\nintro\n\n## A\n\none\n\n## B\n\ntwo\n")
        let after = Chunker().chunks(of: "# T\n\nintro\n\n## B\n\ntwo\n\n## A\n\none\n")
        #expect(Set(before.map(\.hash)) == Set(after.map(\.hash)))
    }

    @Test(arguments: ["", "\n\n", "---\ntitle: a\n---\n"])
    func aLessonWithoutTextHasNoChunks(text: String) {
        #expect(Chunker().chunks(of: text).isEmpty)
    }

    @Test(arguments: ["#", "|", "a b ", "`", "ا", "a.", "- x\n", "> y\n", "\n\n    code\n", "[", "x\n\n", "| a |\n"])
    func hostileRepetitionStaysWithinTheCapAndLinear(piece: String) {
        func run(_ count: Int) -> Duration {
            let text = String(repeating: piece, count: count)
            let start = Self.threadTime()
            for chunk in Chunker().chunks(of: text) where chunk.tokens > 2_900 {
                Issue.record("\(chunk.tokens) tokens of \(piece.debugDescription)")
            }
            return Self.threadTime() - start
        }
        let small = 4_000 / piece.utf8.count
        // Other work on the machine only makes times longer, also those of the thread alone: the shortest count, measured
        // anew while they look bad.
        var times = (small: run(small), large: run(small * 8))
        for _ in 0..<8 where times.large / max(times.small, .milliseconds(1)) > 20 {
            times = (min(times.small, run(small)), min(times.large, run(small * 8)))
        }
        #expect(times.large / max(times.small, .milliseconds(1)) < 30)
    }

    /// What this thread has had of the processor.
    private static func threadTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    @Test func tokensOfTwoTextsAreNeverMoreThanTheSum() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<3_000 {
            let left = Self.block(&generator)
            let right = Self.block(&generator)
            #expect(ChunkerTokens.count(left + right) <= ChunkerTokens.count(left) + ChunkerTokens.count(right))
        }
    }
}
