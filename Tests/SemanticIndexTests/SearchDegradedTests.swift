import ContentTesting
import LanguageModels
import MCP
import Postgres
import Synchronization
import Testing
import TextbookSync

@testable import SemanticIndex

@Suite struct SearchDegradedTests {
    private static func expectWordsAlone(
        _ service: SearchService, _ comment: Comment, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let answer = try await service.search("laser distance")
        #expect(answer.degraded, comment, sourceLocation: sourceLocation)
        #expect(answer.results.first?.lessonSlug == "ch01-a", comment, sourceLocation: sourceLocation)
        #expect(answer.results.first?.score == 1, comment, sourceLocation: sourceLocation)
    }

    @Test func wordsAnswerAloneWhenTheVectorsCannotBeHad() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            try await bench.embedAll()
            #expect(try await bench.search.search("laser distance").degraded == false)
            bench.vectors.interfere { _ in throw Away.vectors }
            try await Self.expectWordsAlone(bench.search, "the vector server is away")
            bench.vectors.interfere(nil)
            bench.model.fail(Away.model)
            try await Self.expectWordsAlone(bench.search, "the model is away")
            bench.model.fail(nil)
            #expect(try await bench.search.search("laser distance").degraded == false)
            bench.vectors.removeAll()
            try await Self.expectWordsAlone(bench.search, "the vector server has lost everything")
        }
    }

    @Test func aServerThatLostSomeOfItsVectorsIsNoticedAndTheRestIsUsed() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            try await bench.embedAll()
            let lesson = try await bench.content.catalog.lesson("ch02-a")
            let kept = bench.vectors.records.values.filter { !lesson.vectorIDs.contains($0.id) }
            bench.vectors.removeAll()
            for record in kept { bench.vectors.set(record) }
            let answer = try await bench.search.search("lithium battery")
            #expect(answer.degraded)
            #expect(answer.results.first?.lessonSlug == "ch02-a")
        }
    }

    @Test func aServerThatIsSlowIsNotWaitedFor() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            try await bench.embedAll()
            let given = Mutex(false)
            bench.vectors.interfere { _ in
                // Answers never; ends when it is given up.
                for await _ in AsyncStream<Void>(unfolding: { try? await Task.sleep(for: .seconds(3_600)) }) {
                    try Task.checkCancellation()
                }
                given.withLock { $0 = true }
            }
            try await Self.expectWordsAlone(bench.search(clock: ImpatientClock()), "the time is up at once")
            _ = given
        }
    }

    @Test func vectorsOfAnotherRecipeAreNotCompared() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            try await bench.embedAll()
            try await bench.content.database.execute(
                """
                UPDATE lectern.release SET collection = \(bench.recipe.collection), recipe = \(bench.recipe.fingerprint)
                """)
            let other = IndexRecipe(model: "another", dimension: 512, chunking: "1")
            let searches = bench.vectors.count(.search)
            try await Self.expectWordsAlone(bench.search(recipe: other), "the release was indexed by another recipe")
            #expect(bench.vectors.count(.search) == searches)
            #expect(try await bench.search.search("laser").degraded == false)
        }
    }

    @Test func aSearchThatIsGivenUpIsNoAnswer() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            try await bench.embedAll()
            let service = bench.search
            let (entered, enter) = AsyncStream.makeStream(of: Void.self)
            bench.vectors.interfere { _ in
                enter.yield()
                for await _ in AsyncStream<Void>(unfolding: { try? await Task.sleep(for: .seconds(3_600)) }) {
                    try Task.checkCancellation()
                }
            }
            let search = Task { try await service.search("laser") }
            for await _ in entered { break }
            search.cancel()
            await #expect(throws: (any Error).self) { try await search.value }
        }
    }

    @Test func whenTheDatabaseIsAwayThereIsNoAnswer() async throws {
        try await StoreBench.with { bench in
            try await bench.publish(.topics())
            let service = bench.search
            await bench.content.database.close()
            await #expect(throws: PostgresError.self) { try await service.search("laser") }
        }
    }
}

/// A clock on which every wait is over at once.
private struct ImpatientClock: Clock {
    typealias Instant = ContinuousClock.Instant
    var now: Instant { .now }
    var minimumResolution: Duration { .zero }
    func sleep(until deadline: Instant, tolerance: Duration?) async throws { try Task.checkCancellation() }
}
