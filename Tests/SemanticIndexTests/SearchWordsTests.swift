import ContentTesting
import PipelineJobs
import Postgres
import Testing
import TextbookSync

@testable import SemanticIndex

/// Keyword search alone, on a real database.
@Suite struct SearchWordsTests {
    private func ranking(
        _ bench: StoreBench, _ query: String, _ filters: SearchFilters = SearchFilters(),
        weights: SearchWeights = SearchWeights()
    ) async throws -> WordRanking {
        try #require(
            try await ChunkStore(database: bench.content.database).ranking(
                QueryTerms(query, glossary: .empty), in: nil, filters, limit: 100, recipe: bench.recipe,
                weights: weights))
    }

    private func best(_ bench: StoreBench, _ query: String) async throws -> Double {
        try await self.ranking(bench, query).scores.values.max() ?? 0
    }

    @Test func aTermThatNobodyHasScoresNothingAndIsNamed() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            try await bench.embedAll()
            let none = try await self.ranking(bench, "zebra")
            #expect((none.scores, none.unknown) == ([:], ["zebra"]))
            let alone = try await self.ranking(bench, "laser")
            let both = try await self.ranking(bench, "laser zebra")
            #expect(alone.scores == both.scores)
            #expect((alone.unknown, both.unknown) == ([], ["zebra"]))
        }
    }

    @Test func aRarerTermWeighsMore() async throws {
        try await StoreBench.with { bench in
            var fixture = BookFixture(chapters: 1, lessons: 1)
            for (number, name) in ["a", "b", "c", "d"].enumerated() {
                let word = number == 0 ? "Rare" : "Usual"
                fixture.write(name, number: number + 1, text: "Common words here. \(word) one.")
            }
            try await bench.publish(fixture)
            try await bench.embedAll()
            let (rare, usual, common) = (
                try await self.best(bench, "rare"), try await self.best(bench, "usual"),
                try await self.best(bench, "common")
            )
            #expect(rare > usual)
            #expect(usual > common)
            #expect(common > 0)
        }
    }

    @Test func moreMentionsWeighMoreAndLongerTextsLess() async throws {
        try await StoreBench.with { bench in
            var fixture = BookFixture(chapters: 1, lessons: 1)
            let filler = (1...60).map { "filler\($0)" }.joined(separator: " ")
            fixture.write("a", number: 1, text: "Torque and torque again. Bolts nuts.")
            fixture.write("b", number: 2, text: "Torque and gears again. Bolts nuts.")
            fixture.write("c", number: 3, text: "Torque and gears again. Bolts nuts. \(filler)")
            try await bench.publish(fixture)
            try await bench.embedAll()
            let order = try await bench.search.search("torque", limit: 3).results.map(\.lessonSlug)
            #expect(order == ["ch01-a", "ch01-b", "ch01-c"])
        }
    }

    @Test func onlyTheActiveReleaseCounts() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            try await bench.embedAll()
            let before = try await self.ranking(bench, "battery")
            var fixture = BookFixture.topics()
            fixture.write("a", chapter: 1, number: 1, text: "A battery, a battery and a third battery.")
            try await bench.publishUnindexed(fixture)
            let between = try await self.ranking(bench, "lidar")
            #expect(between.unknown == ["lidar"], "the entry of the earlier text is there and is not read")
            try await bench.embedAll()
            let after = try await self.ranking(bench, "battery")
            #expect(after.scores.count == before.scores.count + 1)
            try await bench.publish(.topics())
            try await bench.embedAll()
            let again = try await self.ranking(bench, "battery")
            #expect(Set(again.scores.values) == Set(before.scores.values), "the statistics are those of the release")
        }
    }

    @Test func rowsGoWithTheirEntryAndTheStatisticsFollow() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            try await bench.embedAll()
            let before = try await self.best(bench, "torque")
            let job = try await bench.job("ch01-a")
            try await bench.content.database.execute(
                "DELETE FROM lectern.lesson_index WHERE lesson_id = \(job.lessonID)::uuid")
            let number = try await bench.content.number(
                """
                SELECT (SELECT count(*) FROM lectern.posting WHERE entry_id NOT IN (SELECT id FROM lectern.lesson_index))
                     + (SELECT count(*) FROM lectern.entry_text
                        WHERE entry_id NOT IN (SELECT id FROM lectern.lesson_index))
                """)
            #expect(number == 0)
            let ranking = try await self.ranking(bench, "laser torque")
            #expect(ranking.unknown == ["laser"])
            let after = try await self.best(bench, "torque")
            #expect(after < before, "the same word is less rare among fewer chunks")
        }
    }

    @Test func sectionsThatEveryLessonHasAlikeWeighLess() async throws {
        try await StoreBench.with { bench in
            var fixture = BookFixture(chapters: 1, lessons: 1)
            let filler = (1...150).map { "Filler\($0) stands here." }.joined(separator: " ")
            fixture.write(
                "a", number: 1,
                text: "\(filler)\n\n## Learning Objectives\n\nTorque. \(filler)\n\n## Gears\n\nTorque. \(filler)")
            try await bench.publish(fixture)
            try await bench.embedAll()
            let results = try await bench.search.search("torque").results
            #expect(results.first?.sectionTitle == "Gears")
            var weights = SearchWeights()
            let scores = try await self.ranking(bench, "torque").scores.values.sorted()
            weights.frameSections = 1
            let share = SearchWeights().frameSections
            let even = try await self.ranking(bench, "torque", weights: weights).scores.values.sorted()
            #expect(scores.count == 2)
            #expect(even.contains(scores[1]))
            #expect(even.contains { abs(scores[0] - share * $0) < 1e-6 })
        }
    }

    @Test func titlesCountToo() async throws {
        try await StoreBench.with { bench in
            var fixture = BookFixture.topics()
            fixture.files["book.yaml"] = fixture.files["book.yaml"]?.replacing("Chapter 2", with: "Wondrous Energy")
            try await bench.publish(fixture)
            try await bench.embedAll()
            let ranking = try await self.ranking(bench, "wondrous")
            #expect(!ranking.scores.isEmpty)
            #expect(try await bench.search.search("wondrous").results.first?.lessonSlug == "ch02-a")
        }
    }

    @Test func filtersNarrowWhatIsFoundButNotTheStatistics() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            try await bench.embedAll()
            let all = try await self.ranking(bench, "laser torque lithium")
            let some = try await self.ranking(bench, "laser torque lithium", SearchFilters(chapter: 2))
            #expect(some.scores.count == 1)
            #expect(some.unknown == [])
            for (key, score) in some.scores { #expect(all.scores[key] == score) }
            let none = try await self.ranking(bench, "laser", SearchFilters(part: 7))
            #expect((none.scores, none.chunks, none.unknown) == ([:], 0, []))
        }
    }

    @Test func hostileQueriesAreOnlyWords() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            try await bench.embedAll()
            let queries = [
                "'; DROP TABLE lectern.posting; --", "{\"a\",NULL}", "% _ \\ * \0 laser", "NULL", "\u{202E}laser",
                String(repeating: "laser ", count: 160), (1...200).map { "w\($0)" }.joined(separator: " "),
                "\u{1F9FF}\u{1F916}", "\u{0301}\u{0301}",
            ]
            for query in queries { _ = try await bench.search.search(query) }
            #expect(try await bench.search.search("\u{202E}laser").results.first?.lessonSlug == "ch01-a")
            #expect(QueryTerms(queries[6], glossary: .empty).weights.count == QueryTerms.maximum)
        }
    }
}
