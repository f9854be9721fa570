import ContentTesting
import Postgres
import Testing
import TextbookSync

@testable import SemanticIndex

@Suite struct PublishedEditionTests {
    @Test func aReleaseThatIsIndexedIsReadOnceAndTheNextOneIsSeenAtOnce() async throws {
        try await StoreBench.with { bench in
            let catalog = ContentCatalog(database: bench.content.database)
            var fixture = BookFixture.topics()
            try await bench.publish(fixture)
            let book = try await catalog.book()
            #expect(book.isIndexed)
            #expect(book == (try await catalog.bookAsStored()))

            // What is kept is not read again: a title that nobody publishes is not seen.
            try await bench.content.database.execute("UPDATE lectern.release_lesson SET title = 'Another'")
            #expect(try await catalog.book() == book)
            #expect(try await catalog.lesson("ch01-a").title == book.lessons[0].title)
            #expect(try await catalog.bookAsStored().lessons[0].title == "Another")

            fixture.write("a", chapter: 1, number: 1, text: "A radar measures distance with radio waves.")
            try await bench.publish(fixture)
            let next = try await catalog.book()
            #expect(next.releaseID > book.releaseID)
            #expect(next.lessons[0].contentHash != book.lessons[0].contentHash)
        }
    }

    @Test func aReleaseWhoseIndexLacksSomethingIsReadUntilItIsWhole() async throws {
        try await StoreBench.with { bench in
            let catalog = ContentCatalog(database: bench.content.database)
            try await bench.publishUnindexed(.topics())
            #expect(try await catalog.book().isIndexed == false)
            #expect(try await catalog.lesson("ch01-a").vectorIDs.isEmpty)
            try await bench.embedAll()
            #expect(try await catalog.book().isIndexed)
            #expect(try await catalog.lesson("ch01-a").vectorIDs.isEmpty == false)
        }
    }
}
