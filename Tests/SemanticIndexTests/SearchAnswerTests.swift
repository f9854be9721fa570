import ContentTesting
import Testing
import TextbookSync

@testable import SemanticIndex

@Suite struct SearchAnswerTests {
    @Test func aMisspeltWordIsAnsweredWithAWordOfTheBook() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            try await bench.embedAll()
            func meant(_ query: String) async throws -> String? { try await bench.search.search(query).didYouMean }
            #expect(try await meant("What is a lixar?") == "What is a lidar?")
            #expect(try await meant("bartery capacity of a humanoit") == "battery capacity of a humanoid")
            #expect(try await meant("litihum") == "lithium")
            #expect(try await meant("electirk motor") == "electric motor", "two slips in a long word")
            #expect(try await meant("laser distance") == nil)
            #expect(try await meant("zzzzzzzz") == nil, "nothing is near")
            #expect(try await meant("lsr") == nil, "short words have too many neighbours")
            #expect(try await meant("\u{1F916}batteyr\u{1F916}") == "\u{1F916}battery\u{1F916}")
        }
    }

    @Test func aLessonWithSeveralGoodChunksLiftsEachOfThem() {
        let scores = ["a1": 0.6, "a2": 0.5, "a3": 0.4, "a4": 0.3, "b1": 0.65, "c1": 0]
        func lifted(_ weight: Double) -> [String: Double] {
            ScoreFusion.lifted(scores, by: \.first, weight: weight)
        }
        #expect(lifted(0) == scores)
        let some = lifted(0.5)
        // The best lesson adds the whole weight, the others their share of what it has in its three best chunks.
        #expect(abs((some["a1"] ?? 0) - (0.6 + 0.5) / 1.5) < 1e-9)
        #expect(abs((some["a4"] ?? 0) - (0.3 + 0.5) / 1.5) < 1e-9)
        #expect(abs((some["b1"] ?? 0) - (0.65 + 0.5 * 0.65 / 1.5) / 1.5) < 1e-9)
        #expect(some["c1"] == 0)
        #expect(some.values.allSatisfy { (0...1).contains($0) })
        #expect(ScoreFusion.lifted(["x": 0.0], by: \.first, weight: 1) == ["x": 0])
        #expect(ScoreFusion.lifted(["x": 1.0], by: \.first, weight: 1) == ["x": 1])
    }

    @Test func oneLessonHasAtMostHalfOfThePlaces() {
        func result(_ slug: String, _ index: Int) -> SearchResult {
            SearchResult(
                lessonSlug: slug, lessonTitle: "", sectionTitle: "", chunkIndex: index, text: "",
                score: (slug == "a" ? 0.9 : 0.5) - Double(index) / 100)
        }
        let all = (0..<20).map { result("a", $0) } + (0..<20).map { result("b", $0) }
        for (limit, share) in [(1, 1), (3, 3), (4, 3), (10, 5), (20, 10)] {
            let chosen = SearchSelection.select(all, limit: limit)
            #expect(chosen.count == limit)
            #expect(chosen.count { $0.lessonSlug == "a" } == share)
        }
    }

    @Test func aSuggestionComesFromTheReleaseThatReadersSee() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            try await bench.embedAll()
            #expect(try await bench.search.search("lidaz").didYouMean == "lidar")
            var fixture = BookFixture.topics()
            fixture.write("a", chapter: 1, number: 1, text: "A camera sees colours.")
            try await bench.publish(fixture)
            try await bench.embedAll()
            #expect(try await bench.search.search("lidaz").didYouMean == nil)
        }
    }

    @Test func aQuestionInUrduFindsWhatAnEnglishBookSays() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            try await bench.embedAll()
            var configuration = SearchService.Configuration()
            configuration.glossary = SearchGlossary([
                "بیٹری": ["battery"], "ٹارک": ["torque"],
                "ایسا آلہ جو روشنی کی مدد سے فاصلہ ناپتا ہے": ["LiDAR", "laser scanner"],
            ])
            let service = bench.search(configuration)
            func first(_ query: String) async throws -> String? {
                try await service.search(query).results.first?.lessonSlug
            }
            #expect(try await first("بیٹری کتنی دیر چلتی ہے؟") == "ch02-a")
            #expect(try await first("ٹارک") == "ch01-b")
            #expect(try await first("بیٹریی") == "ch02-a", "spelt otherwise")
            #expect(try await first("روشنی سے فاصلہ") == "ch01-a", "described")
            let answer = try await service.search("بیٹری")
            #expect(answer.results.first?.highlights.isEmpty == false)
            #expect(answer.results.first?.highlights.first?.matches.isEmpty == false)
        }
    }

    @Test func aResultLeadsToItsHeading() async throws {
        try await StoreBench.with { bench in
            var fixture = BookFixture(chapters: 1, lessons: 1)
            let filler = (1...200).map { "Filler\($0) stands here." }.joined(separator: " ")
            fixture.write(
                "a", number: 1,
                text: """
                    Start. \(filler)

                    ## Gears

                    First torque. \(filler)

                    ## Gears

                    Second momentum. \(filler)

                    ## Own *name* {#chosen}

                    Third inertia. \(filler)
                    """)
            try await bench.publish(fixture)
            try await bench.embedAll()
            func anchor(_ query: String) async throws -> String? {
                try await bench.search.search(query).results.first?.sectionAnchor
            }
            #expect(try await anchor("torque") == "gears")
            #expect(try await anchor("momentum") == "gears-1")
            #expect(try await anchor("inertia") == "chosen")
            #expect(try await anchor("start") == "lesson-a")
            #expect(try await bench.search.search("torque").results.first?.lessonTitle == "Lesson a")
        }
    }
}

@Suite struct SectionAnchorTests {
    @Test func headingsInsideQuotesAndFrontMatterDoNotShiftTheIds() {
        let text = """
            ---
            title: x
            ---

            Before.

            # `Top` & more

            > # Quoted

            ## Quoted

            text

            - # In a list

            ## `code_name` and [a link](x)
            """
        let anchors = SectionAnchors(text)
        #expect(anchors.anchor(atLine: 5) == nil)
        #expect(anchors.anchor(atLine: 7) == "top--more")
        #expect(anchors.anchor(atLine: 10) == "top--more")
        #expect(anchors.anchor(atLine: 11) == "quoted-1")
        #expect(anchors.anchor(atLine: 17) == "code_name-and-a-link")
        #expect(anchors.anchor(atLine: 999) == "code_name-and-a-link")
        #expect(SectionAnchors("").anchor(atLine: 1) == nil)
    }
}

@Suite struct HighlighterTests {
    private func highlights(_ query: String, _ text: String) -> [SearchHighlight] {
        var highlighter = Highlighter(stems: TextNormalizer().stems(query))
        return highlighter.highlights(in: text)
    }

    private func matched(_ highlight: SearchHighlight) -> [String] {
        highlight.matches.map { match in
            let units = Array(highlight.text.utf16)
            return String(decoding: units[match.start..<match.end], as: UTF16.self)
        }
    }

    @Test func wordsOfOneFamilyAreMarkedWhereTheyStand() {
        let found = self.highlights("laser sensors", "A Sensor with two LASERS\u{2019} light; sensory no.")
        #expect(found.count == 1)
        #expect(found.first?.text == "A Sensor with two LASERS\u{2019} light; sensory no")
        #expect(found.first.map(self.matched) == ["Sensor", "LASERS\u{2019}"])
    }

    @Test func aLongTextIsCutBetweenWordsAndTheRichestFragmentsAreShown() {
        let filler = (1...80).map { "word\($0)" }.joined(separator: " ")
        let text = "laser \(filler) laser beam \(filler) laser \(filler) beam laser laser \(filler) beam"
        let found = self.highlights("laser beam", text)
        #expect(found.count == Highlighter.maximumFragments)
        #expect(found.contains { self.matched($0) == ["beam", "laser", "laser"] })
        for fragment in found {
            #expect(text.contains(fragment.text))
            #expect(fragment.text.utf16.count < 500)
            #expect(self.matched(fragment).allSatisfy { ["laser", "beam"].contains($0) })
            for word in fragment.text.split(separator: " ") { #expect(text.split(separator: " ").contains(word)) }
        }
    }

    @Test(arguments: [
        "<script>alert('laser')</script>", "laser", "\u{1F916}laser\u{1F916}", "la\u{0301}ser laser\u{0301}",
        "&lt;laser&gt; <b>laser</b>", "\0laser\0", "\u{202E}laser\u{202C}", "laser\r\nlaser\tlaser",
        String(repeating: "laser ", count: 5_000), String(repeating: "laser", count: 5_000),
        "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467} laser", "lidarLaser LaserLidar", "",
    ])
    func hostileTextsKeepTheirPlaces(text: String) {
        let found = self.highlights("laser", text)
        for fragment in found {
            #expect(text.utf16.count >= fragment.text.utf16.count)
            #expect(!fragment.matches.isEmpty)
            var last = 0
            for match in fragment.matches {
                #expect(match.start >= last)
                #expect(match.end > match.start)
                last = match.end
            }
            #expect(last <= fragment.text.utf16.count)
            for word in self.matched(fragment) {
                #expect(TextNormalizer().stems(word).contains("laser"), "\(word)")
            }
        }
        #expect(found.isEmpty == !TextNormalizer().stems(text).contains("laser"))
    }
}

@Suite struct ScoreFusionTests {
    @Test func bothScoresAreMeasuredBeforeTheyAreAdded() {
        let fused = ScoreFusion.fused(
            words: ["a": 8, "b": 4], vectors: ["a": 0.5, "b": 0.9, "c": 0.7], weight: 0.25)
        #expect(abs((fused["a"] ?? 0) - 0.75) < 1e-12)
        #expect(abs((fused["b"] ?? 0) - (0.375 + 0.25)) < 1e-12)
        #expect(abs((fused["c"] ?? 0) - 0.125) < 1e-12)
    }

    @Test func theScaleOfEitherDoesNotMatter() {
        let one = ScoreFusion.fused(words: ["a": 8, "b": 4], vectors: ["a": 0.5, "b": 0.9], weight: 0.3)
        let other = ScoreFusion.fused(words: ["a": 80, "b": 40], vectors: ["a": -10, "b": 30], weight: 0.3)
        for key in ["a", "b"] { #expect(abs((one[key] ?? 0) - (other[key] ?? 1)) < 1e-12) }
    }

    @Test func oneSideAloneDecidesWhereTheOtherHasNothing() {
        #expect(ScoreFusion.fused(words: ["a": 2, "b": 1], vectors: nil, weight: 0.3) == ["a": 1, "b": 0.5])
        #expect(ScoreFusion.fused(words: [:], vectors: ["a": 0.9, "b": 0.1], weight: 0.5) == ["a": 0.5, "b": 0])
        #expect(ScoreFusion.fused(words: [:], vectors: ["a": 0.4], weight: 0.5) == ["a": 0.5])
        #expect(ScoreFusion.fused(words: [:], vectors: nil, weight: 0.3) == [String: Double]())
        #expect(ScoreFusion.fused(words: ["a": 1], vectors: ["b": 1], weight: 7) == ["a": 0, "b": 1])
    }

    @Test func whatIsLeftOfASimilarityIsTakenAfterItIsMeasured() {
        let fused = ScoreFusion.fused(
            words: [:], vectors: ["a": 1, "b": 0], weight: 1, factor: { $0 == "a" ? 0.5 : 1 })
        #expect(fused == ["a": 0.5, "b": 0])
    }
}

@Suite struct SpellingTests {
    @Test(arguments: [
        ("torque", "torque", 0), ("torqe", "torque", 1), ("toruqe", "torque", 1), ("torkue", "torque", 1),
        ("ttorque", "torque", 1), ("tork", "torque", 3), ("", "abc", 3), ("ca", "abc", 3),
    ])
    func slipsAreCounted(left: String, right: String, slips: Int) {
        let (one, other) = (Array(left.unicodeScalars), Array(right.unicodeScalars))
        #expect(SpellingSuggestion.distance(one, other) == slips)
        #expect(SpellingSuggestion.distance(other, one) == slips)
    }

    @Test func everyNeighbourIsTried() {
        let stems = Set(SpellingSuggestion.stemsNearby("torqe"))
        for word in ["torque", "torq", "orqe", "torqee", "otrqe", "torge"] {
            #expect(stems.contains(Stemmer.stem(word)), "\(word)")
        }
        #expect(SpellingSuggestion.stemsNearby("abc").isEmpty)
        #expect(SpellingSuggestion.stemsNearby(String(repeating: "a", count: 1_000)).isEmpty)
        #expect(SpellingSuggestion.stemsNearby("بیٹر").contains("بیٹری"))
    }

    @Test func theNearestWordWinsAndThenTheMoreFrequent() {
        let known = [
            SpellingSuggestion.Known(word: "sensor", chunks: 3), .init(word: "tensor", chunks: 9),
            .init(word: "sensors", chunks: 1),
        ]
        #expect(SpellingSuggestion.best(for: "xensor", of: known) == "tensor")
        #expect(SpellingSuggestion.best(for: "sensr", of: known) == "sensor")
        #expect(SpellingSuggestion.best(for: "banana", of: known) == nil)
    }
}
