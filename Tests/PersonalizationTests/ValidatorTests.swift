import Learners
import Testing

@testable import Personalization

struct ValidatorTests {
    private static let source = """
        # T

        Costs $16k at 33 DOF, 1.40 rad/s, 3° and 20–30 ms. See [a](./a.md) and `5 kg` in code.

        ## Next {#n}

        ```c
        int x;
        ```

        :::danger Hot
        Burns.
        :::

        """

    private static let slice = SectionSlice(
        ProfileSlice(programming: .novice, knowsRobotics: false, knowsAI: false, language: .en))

    private func checks(
        _ text: String, from source: String = Self.source, slice: SectionSlice = Self.slice,
        _ configure: (inout CheckContext) -> Void = { _ in }
    ) throws -> [CheckFailure.Check] {
        let glossary = try Glossary.bundled()
        var context = CheckContext.chat(glossary: glossary, finishReason: "stop", boundary: nil)
        configure(&context)
        return Validators.failures(
            of: text, for: SectionSource(source, glossary: glossary), slice: slice, context: context
        ).map(\.check)
    }

    private static let good = source.replacing("Costs", with: "It costs")

    @Test func aSoundTextPasses() throws {
        #expect(try self.checks(Self.good) == [])
    }

    @Test(arguments: [
        (good.replacing("int x;", with: "int y;"), CheckFailure.Check.code),
        (good.replacing("```c\nint x;\n```", with: "```cpp\nint x;\n```"), .code),
        (good.replacing("## Next", with: "### Next"), .headings),
        (good.replacing(" {#n}", with: ""), .headings),
        (good.replacing("./a.md", with: "./b.md"), .targets),
        (good + "\nhttps://example.org\n", .targets),
        (good.replacing("33 DOF", with: "33 joints"), .measures),
        (good.replacing("$16k", with: "16 thousand dollars"), .measures),
        (good.replacing("20–30 ms", with: "25 ms"), .measures),
        (good.replacing("Burns.", with: "Warm."), .warnings),
        (good.replacing(":::danger", with: ":::note"), .warnings),
        ("Sure, here you go.\n\n" + good, .framing),
        (good + String(repeating: "More words. ", count: 200), .length),
        (good + "\n<b>bold</b>\n", .markup),
        (good + "\n[x](javascript:alert)\n", .markup),
        (good + "\n⟦C1⟧\n", .echo),
        (source, .identity),
    ])
    func everyBrokenPromiseIsFound(text: String, check: CheckFailure.Check) throws {
        #expect(try self.checks(text).contains(check))
    }

    @Test func theSourceItselfPassesForANeutralReader() throws {
        let neutral = SectionSlice(ProfileSlice.allCases[0], hasCode: false, domains: [])
        #expect(try self.checks(Self.source, slice: neutral) == [])
        #expect(try self.checks(Self.source) { $0.mayStayUnchanged = true } == [])
    }

    @Test func anEarlyEndIsAFailure() throws {
        #expect(try self.checks(Self.good) { $0.finishReason = "length" } == [.finish])
    }

    @Test func measuresAreFoundWithTheirUnits() {
        let text = "33 DOF, $16k, 1,000 Hz, 20–30 ms, −5 °C, 9.81 m/s², 85%, about 12 robots, v2 and x86"
        #expect(Measures.find(in: text) == ["33DOF", "$16k", "1,000Hz", "20-30ms", "5°C", "9.81m/s²", "85%"])
    }

    @Test func hostileInlineTextIsReadInLinearTime() {
        let clock = ContinuousClock()
        for piece in ["`", "``` ` ", "[", "](", "<a", "$x", "![", "\\", "[a](b", "<!--"] {
            let bytes = Array(String(repeating: piece, count: 100_000 / piece.utf8.count).utf8)
            let time = clock.measure { _ = InlineScan(bytes[...]) }
            #expect(time < .seconds(5), "\(piece)")
        }
    }
}
