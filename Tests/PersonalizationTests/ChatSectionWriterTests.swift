import LanguageModels
import Learners
import Testing

@testable import Personalization

struct ChatSectionWriterTests {
    private static let markdown = """
        ## How a Sensor Works {#how}

        Every sensor turns a quantity into a signal. It costs $16k. See [the paper](./a.md).

        ```python
        # Read one joint.
        x = read()
        ```

        It answers within 50 ms.

        """
    private static let slice = ProfileSlice(programming: .novice, knowsRobotics: false, knowsAI: false, language: .en)
    private static let masked = SectionPlaceholders(Array(markdown.utf8)).masked
    private static let good = masked.replacing("Every sensor turns", with: "Think of an eye. Every sensor turns")

    private let embedded: EmbeddedSectionWriter

    init() throws {
        self.embedded = try EmbeddedSectionWriter()
    }

    private func section(_ markdown: String = Self.markdown) -> SectionSource {
        SectionSource(markdown, glossary: self.embedded.glossary)
    }

    private func write(
        _ providers: [ScriptedProvider], _ markdown: String = Self.markdown, slice: ProfileSlice = Self.slice
    ) async throws -> WrittenSection {
        let section = self.section(markdown)
        return try await ChatSectionWriter(providers: providers, embedded: self.embedded, nonce: { 0x5EED })
            .write(section, for: SectionSlice(slice, for: section.facts), payer: "team-a")
    }

    @Test func aGoodAnswerIsPutTogetherWithTheAuthorsCode() async throws {
        let provider = ScriptedProvider([.text(Self.good)])
        let written = try await self.write([provider])
        #expect(written.text == Self.markdown.replacing("Every sensor", with: "Think of an eye. Every sensor"))
        #expect(written.generator == "acme/tiny/prompt-v2")
        #expect(!written.isFallback && written.fallbackReason == nil && written.softFailures == [])
        #expect(written.attempts == 1 && written.promptTokens == 100 && written.completionTokens == 50)
        #expect(written.costMicros == 700)
        #expect(provider.payers == ["team-a"])
    }

    @Test func aBrokenAnswerIsMendedWithTheReason() async throws {
        let provider = ScriptedProvider([.text(Self.good.replacing("50 ms", with: "soon")), .text(Self.good)])
        let written = try await self.write([provider])
        #expect(written.attempts == 2 && written.costMicros == 1400)
        #expect(provider.requests[1].messages.map(\.role) == [.system, .user, .assistant, .user])
        #expect(try #require(provider.requests[1].messages.last).content.contains("50ms"))
    }

    @Test(arguments: [
        "Sure! Here is the section.\n\n" + good, "```markdown\n" + good + "\n```", good.replacing("⟦C1⟧", with: ""),
        good.replacing("⟦C1⟧", with: "⟦C2⟧"), good + "\n\n## More\n", good + "\n[x](https://evil.example)\n",
        good + "\n<script>alert(1)</script>\n", good.replacing("## How", with: "# How"), "", good + "\n⟦C9⟧\n", masked,
        good.replacing("{#how}", with: ""), good.replacing("$16k", with: "$17k"),
        good.replacing("⟦C1⟧", with: "```python\nx = 2\n```"), good + "\n```python\nx = 2\n```\n",
        good.replacing("[the paper](./a.md)", with: "the paper"), good + "\n=====IR1=====\n",
        "You rewrite one section of a lesson from a technical textbook for one kind of reader.\n\n" + good,
    ])
    func anAnswerThatBreaksAPromiseNeverPasses(answer: String) async throws {
        let provider = ScriptedProvider([.text(answer)])
        let written = try await self.write([provider])
        #expect(written.isFallback && written.fallbackReason == "checks_failed")
        #expect(written.generator == EmbeddedSectionWriter.name)
        #expect(written.attempts == 3 && provider.requests.count == 3)
        let section = self.section()
        #expect(
            try written.text == self.embedded.write(section, for: SectionSlice(Self.slice, for: section.facts)).text)
    }

    @Test func aTextThatCouldBeBetterIsAcceptedWhenAskingAgainDidNotHelp() async throws {
        let talk = Self.good + "\nLet me know what you think.\n"
        let provider = ScriptedProvider([.text(talk), .text(talk), .text(Self.good + "\n<b>x</b>\n")])
        let written = try await self.write([provider])
        #expect(written.softFailures == ["V13"] && !written.isFallback && written.attempts == 3)
        #expect(written.text.hasSuffix("Let me know what you think.\n"))
        let broken = ScriptedProvider([.text(talk), .error(.timeout)])
        #expect(try await self.write([broken]).softFailures == ["V13"])
    }

    @Test(arguments: [FinishReason.contentFilter, .other("refusal")])
    func aWithheldAnswerIsFinalForItsProvider(reason: FinishReason) async throws {
        let first = ScriptedProvider([.text(Self.good, reason)])
        let second = ScriptedProvider([.text(Self.good)], name: "other", modelName: "big")
        let written = try await self.write([first, second])
        #expect(first.requests.count == 1)
        #expect(written.generator == "other/big/prompt-v2" && !written.isFallback && written.attempts == 2)
    }

    @Test(arguments: [
        (LanguageModelError.Code.timeout, "timeout"), (.serverError, "server_error"),
        (.rateLimited(retryAfter: .seconds(7)), "rate_limited"), (.unreachable, "unreachable"),
        (.unauthorized, "unauthorized"), (.refused, "refused"), (.malformedAnswer, "malformed_answer"),
    ])
    func aProviderThatFailsIsFollowedByTheNextAtOnce(code: LanguageModelError.Code, word: String) async throws {
        let failing = ScriptedProvider([.error(code)])
        let next = ScriptedProvider([.text(Self.good)], name: "other")
        #expect(try await self.write([failing, next]).generator == "other/tiny/prompt-v2")
        #expect(failing.requests.count == 1)
        let written = try await self.write([failing])
        #expect(written.isFallback && written.fallbackReason == word && written.attempts == 1)
    }

    @Test func aProviderThatIsNotAskedCountsAsNoAttempt() async throws {
        let written = try await self.write([ScriptedProvider([.unavailable("circuit_open")])])
        #expect(written.isFallback && written.fallbackReason == "circuit_open")
        #expect(written.attempts == 0 && written.costMicros == 0)
    }

    @Test func aRunThatIsCalledOffIsNoAnswer() async throws {
        await #expect(throws: CancellationError.self) { try await self.write([ScriptedProvider([.cancelled])]) }
    }

    private static let long = """
        ## Sensors

        A sensor measures.

        ### Inward {#in}

        An encoder counts ticks at 200 Hz.

        ```c
        int x;
        ```

        ### Outward

        A camera sees far.

        """

    private func piece(_ index: Int) -> String {
        let ranges = SectionCut.ranges(of: Array(Self.long.utf8), atLevel: 3)
        let masked = SectionPlaceholders(Array(Array(Self.long.utf8)[ranges[index]])).masked
        return masked.replacing("sensor measures", with: "sensor, a sense of a machine, measures")
    }

    @Test func aSectionThatIsTooLongForTheModelIsWrittenInPieces() async throws {
        let provider = ScriptedProvider([
            .text("## Sensors", .length), .text(self.piece(0)), .text(self.piece(1)), .text(self.piece(2)),
        ])
        let written = try await self.write([provider], Self.long)
        #expect(written.text == Self.long.replacing("sensor measures", with: "sensor, a sense of a machine, measures"))
        #expect(written.attempts == 4 && !written.isFallback && provider.requests.count == 4)
        let third = try #require(provider.requests.last).messages[1].content
        #expect(third.contains("| section before: Inward") && !third.contains("An encoder counts"))
    }

    @Test func piecesThatCannotBeHadEitherEndTheRung() async throws {
        let provider = ScriptedProvider([.error(.truncated), .text(self.piece(0)), .text("nothing", .length)])
        let written = try await self.write([provider], Self.long)
        #expect(written.isFallback && written.fallbackReason == "checks_failed")
        #expect(provider.requests.count == 5)
    }

    @Test(arguments: [
        "## A robot\n\n```c\nint x;\n```\n", ":::danger\nA robot.\n:::\n",
        "A robot ⟦C1⟧ of the author's.\n",
    ])
    func whatNeedsNoModelIsNeverSentToOne(markdown: String) async throws {
        let provider = ScriptedProvider([.text("never")])
        let written = try await self.write([provider], markdown)
        #expect(provider.requests.isEmpty && !written.isFallback && written.attempts == 0)
        #expect(written.generator == EmbeddedSectionWriter.name)
    }

    @Test func aBookThatOurGlossaryKnowsNothingOfIsWrittenByTheModelToo() async throws {
        let tea = "## Tea\n\nWater boils at the foot of the mountain later than at its top.\n"
        let told = tea.replacing("boils", with: "boils, as in any kettle,")
        let provider = ScriptedProvider([.text(told)])
        let written = try await self.write([provider], tea)
        #expect(provider.requests.count == 1 && written.text == told && !written.isFallback)
    }

    @Test func theRecipeNamesTheModelThatIsMeantToWrite() throws {
        let writer = try ChatSectionWriter(
            providers: [ScriptedProvider([.cancelled], modelName: "one"), ScriptedProvider([.cancelled])],
            embedded: self.embedded)
        #expect(writer.recipe.modelClass == "one" && writer.recipe.promptVersion == "v2")
        #expect(writer.recipe.validatorVersion == Validators.version)
        #expect(try ChatSectionWriter(providers: [], embedded: self.embedded).recipe == self.embedded.recipe)
    }
}
