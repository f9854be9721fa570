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

    @Test func codeOfTheWritersOwnMustBeMarkedAsAnExample() throws {
        #expect(try self.checks(Self.good + "\n```c\n// an example\nint y;\n```\n") == [])
        #expect(try self.checks(Self.good + "\n```c\nint y;\n```\n") == [.code])
        #expect(try self.checks(Self.good + "\n```c\nint x;\n```\n") == [.code])
    }

    private static let urdu = SectionSlice(
        ProfileSlice(programming: .novice, knowsRobotics: false, knowsAI: false, language: .ur))
    private static let english =
        "## S\n\n" + String(repeating: "A sensor tells a robot what stands before it at any time. ", count: 8) + "\n"
    private static let translated =
        "## S\n\n" + String(repeating: "ایک sensor کسی robot کو بتاتا ہے کہ اس کے سامنے کیا کھڑا ہے۔ ", count: 8) + "\n"

    @Test func anAnswerInTheWrongLanguageIsNoTranslation() throws {
        let rewritten = Self.english.replacing("## S\n\n", with: "## S\n\nLook. ")
        #expect(try self.checks(Self.translated, from: Self.english, slice: Self.urdu) == [])
        #expect(try self.checks(rewritten, from: Self.english, slice: Self.urdu) == [.script])
        #expect(try self.checks(rewritten, from: Self.english, slice: Self.urdu) { $0.isTranslated = false } == [])
        // Short texts and lists of names prove nothing.
        #expect(try self.checks("A b.", from: "A c.", slice: Self.urdu) == [])
        let list = "- " + String(repeating: "Boston Dynamics Atlas ", count: 20)
        #expect(try self.checks(list + "x", from: list + "y", slice: Self.urdu) == [])
    }

    @Test func termsStayInLatinScript() throws {
        let named = Self.translated.replacing("sensor", with: "سینسر")
        #expect(try self.checks(named, from: Self.english, slice: Self.urdu) == [.terms])
        #expect(try self.checks(named + "\n(sensor)\n", from: Self.english, slice: Self.urdu) == [])
    }

    @Test func aTextForNewcomersIsNotHarderThanItsSource() throws {
        let easy = String(repeating: "A robot has a body. It can move and it can fall down. ", count: 10)
        let hard = String(
            repeating: "Robotic embodiment necessitates considerable organisational sophistication. ", count: 20)
        #expect(try self.checks(hard, from: easy) { $0.lengthBounds.ratio = 0...9 } == [.grade])
        #expect(try self.checks(easy, from: hard) { $0.lengthBounds.ratio = 0...9 } == [])
        let expert = SectionSlice(
            ProfileSlice(programming: .advanced, knowsRobotics: true, knowsAI: true, language: .en))
        #expect(try self.checks(hard, from: easy, slice: expert) { $0.lengthBounds.ratio = 0...9 } == [])
    }

    @Test(arguments: [
        "Let me know if anything is unclear!", "I hope this helps.", "Would you like me to go on?",
        "In conclusion, I hope the section is clear.", "امید ہے کہ یہ وضاحت مفید ہوگی۔",
    ])
    func closingTalkIsFound(ending: String) throws {
        #expect(try self.checks(Self.good + "\n" + ending + "\n") == [.ending])
        #expect(try self.checks(Self.good + "\n" + ending, from: Self.source + "\n" + ending) == [])
    }

    @Test func theInstructionsAreNoAnswer() throws {
        let rule = "Every number with its unit, in the same digits."
        #expect(try self.checks(Self.good + "\n" + rule) { $0.instructions = [rule] } == [.echo])
    }

    @Test func whatMerelyCouldBeBetterKeepsNothingBack() {
        let soft = CheckFailure.Check.allCases.filter { !CheckFailure($0, "").isHard }
        #expect(soft.map(\.rawValue) == ["V7", "V9", "V12", "V13"])
        #expect(CheckFailure.Check.allCases.count == 15)
    }

    @Test func measuresAreFoundWithTheirUnits() {
        let text = "33 DOF, $16k, 1,000 Hz, 20–30 ms, −5 °C, 9.81 m/s², 85%, about 12 robots, v2 and x86"
        #expect(Measures.find(in: text) == ["33DOF", "$16k", "1,000Hz", "20-30ms", "5°C", "9.81m/s²", "85%"])
    }

    @Test func hostileInlineTextIsReadInLinearTime() {
        let clock = ContinuousClock()
        for piece in ["`", "``` ` ", "[", "](", "<a", "$x", "![", "\\", "[a](b", "<!--", "a]:", "](("] {
            let bytes = Array(String(repeating: piece, count: 100_000 / piece.utf8.count).utf8)
            let time = clock.measure { _ = InlineScan(bytes[...]) }
            #expect(time < .seconds(5), "\(piece)")
        }
    }
}
