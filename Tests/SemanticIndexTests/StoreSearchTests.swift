import ContentTesting
import JobQueuePostgres
import MCP
import Postgres
import Testing
import Textbook
import TextbookSync

@testable import SemanticIndex

@Suite struct StoreSearchTests {
    @Test func theChunkThatSpeaksOfItComesFirst() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            try await bench.embedAll()
            let answer = try await bench.search.search("laser distance measurement")
            let first = try #require(answer.results.first)
            #expect(first.lessonSlug == "ch01-a")
            #expect(first.text.contains("lidar"))
            #expect(answer.results.map(\.score) == answer.results.map(\.score).sorted(by: >))
            #expect((answer.indexing, answer.pendingLessons) == (false, 0))
            let json = try JSONValue(encoding: answer)
            let members = try #require(json.value(at: "results[0]")?.objectValue)
            #expect(
                Set(members.keys)
                    == [
                        "lesson_slug", "lesson_title", "section_title", "section_anchor", "chunk_index", "text",
                        "highlights", "score",
                    ])
        }
    }

    @Test func filtersNarrowTheSearch() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            try await bench.embedAll()
            let service = bench.search
            func slugs(_ filters: SearchFilters) async throws -> Set<String> {
                Set(try await service.search("torque laser battery", filters: filters).results.map(\.lessonSlug))
            }
            #expect(try await slugs(SearchFilters()) == ["ch01-a", "ch01-b", "ch02-a"])
            #expect(try await slugs(SearchFilters(chapter: 2)) == ["ch02-a"])
            #expect(try await slugs(SearchFilters(part: 1, lessonSlug: "ch01-b")) == ["ch01-b"])
            #expect(try await slugs(SearchFilters(type: .lesson)) == ["ch01-a", "ch01-b", "ch02-a"])
            #expect(try await slugs(SearchFilters(type: .lab)) == [])
            #expect(try await slugs(SearchFilters(part: 2)) == [])
            #expect(try await slugs(SearchFilters(lessonSlug: "no\0such")) == [])
        }
    }

    @Test func whatCannotBeSearchedIsRefused() async throws {
        try await StoreBench.with { bench in
            let cases: [(query: String, limit: Int, code: SearchError.Code)] = [
                ("", 10, .emptyQuery), (" \n\t\0", 10, .emptyQuery),
                (String(repeating: "x", count: 1_001), 10, .queryTooLong),
                (String(repeating: "x", count: 1_000_000), 10, .queryTooLong), ("x", 0, .invalidLimit),
                ("x", 51, .invalidLimit),
            ]
            for (query, limit, code) in cases {
                let error = await #expect(throws: SearchError.self) {
                    try await bench.search.search(query, limit: limit)
                }
                #expect(error?.code == code)
            }
        }
    }

    @Test func lessonsThatWaitForTheIndexAreSaidToWait() async throws {
        try await StoreBench.with { bench in
            let nothing = try await bench.search.search("laser")
            #expect((nothing.results, nothing.indexing) == ([], false), "no book, nothing to wait for")
            try await bench.publishUnindexed(.topics())
            let early = try await bench.search.search("laser")
            #expect((early.results.count, early.indexing, early.pendingLessons) == (0, true, 3))
            try await bench.embed(try await bench.job("ch01-b"))
            let later = try await bench.search.search("laser")
            #expect((later.indexing, later.pendingLessons) == (true, 2))
            #expect(Set(later.results.map(\.lessonSlug)) == ["ch01-b"])
        }
    }

    @Test func staleAndForeignVectorsAreNeverShownAndDoNotCrowdOutTheRest() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            try await bench.embedAll()
            // Many vectors of an earlier text, all nearer to the query than anything that is published.
            let near = try await bench.model.embed(["laser distance"])[0]
            for number in 0..<300 {
                let id = VectorID.make(collection: "old", lessonID: "x", embedHash: "\(number)", occurrence: 1)
                bench.vectors.set(
                    VectorRecord(
                        id: number == 0 ? "no uuid" : id, vector: near,
                        metadata: ["book_slug": "fixture", "model": .string(bench.model.name)], text: "foreign"))
            }
            let answer = try await bench.search.search("laser distance", limit: 2)
            #expect(answer.results.first?.lessonSlug == "ch01-a")
            #expect(answer.results.allSatisfy { $0.text != "foreign" })
            #expect(answer.results.count == 2)
        }
    }

    @Test func anEarlierTextIsNotFoundOnceALaterOneIsPublished() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            try await bench.embedAll()
            var fixture = BookFixture.topics()
            fixture.write("a", chapter: 1, number: 1, text: "A camera sees colours.")
            try await bench.publish(fixture)
            let gone = try await bench.search.search("laser distance")
            #expect(gone.results.allSatisfy { !$0.text.contains("lidar") })
            let after = try await bench.search.search("camera colours")
            #expect(after.results.first?.text.contains("camera") == true)
        }
    }

    @Test func oneLessonDoesNotFillTheListWhileOthersHaveSomething() {
        func result(_ slug: String, _ index: Int, _ score: Double) -> SearchResult {
            SearchResult(
                lessonSlug: slug, lessonTitle: "", sectionTitle: "", chunkIndex: index, text: "", score: score)
        }
        let many = (0..<6).map { result("a", $0, 0.9 - Double($0) / 100) }
        let others = [result("b", 0, 0.5), result("c", 0, 0.4)]
        let five = SearchSelection.select(many + others, limit: 5)
        #expect(five.map(\.lessonSlug) == ["a", "a", "a", "b", "c"])
        let seven = SearchSelection.select(many + others, limit: 7)
        #expect(seven.map(\.lessonSlug) == ["a", "a", "a", "a", "a", "b", "c"])
        #expect(seven.map(\.score) == seven.map(\.score).sorted(by: >))
        #expect(SearchSelection.select(many, limit: 4).count == 4)
    }
}

@Suite struct StoreAuditTests {
    @Test func aWholeBookIsCompleteAndEveryLossIsCounted() async throws {
        try await StoreBench.with { bench in
            try await bench.publishUnindexed(.topics())
            let early = try await bench.audit.run()
            #expect((early.lessons, early.objects, early.indexedLessons, early.vectors) == (3, 3, 0, 0))
            #expect(!early.isComplete)
            try await bench.embedAll()
            let whole = try await bench.audit.run()
            #expect(whole.isComplete)
            #expect(whole.vectors == whole.chunks)
            #expect(whole.chunks >= 3)

            let lesson = try await bench.content.catalog.lesson("ch02-a")
            bench.content.memory.set(lesson.objectKey, [UInt8](repeating: 0x20, count: lesson.sizeBytes))
            let damaged = try await bench.audit.run()
            #expect((damaged.objects, damaged.brokenObjects, damaged.isComplete) == (2, ["ch02-a"], false))
            bench.vectors.removeAll()
            let lost = try await bench.audit.run()
            #expect((lost.vectors, lost.isComplete) == (0, false))
            bench.vectors.interfere { _ in throw Away.vectors }
            await #expect(throws: MCPError.self) { try await bench.audit.run() }
        }
    }
}
