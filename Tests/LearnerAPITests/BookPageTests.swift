import Postgres
import Testing

@Suite struct BookPageTests {
    @Test func somebodyUnknownSeesTheTreeWithoutMarks() async throws {
        try await WebFixture.run { _, server in
            let page = try await server.open("/book")
            #expect(page.status == 200)
            #expect(page.text.contains("<details class=\"part\" id=\"part-1\" open>"))
            #expect(page.text.contains("<details class=\"chapter\" id=\"chapter-1\" open>"))
            #expect(page.text.contains("Layer L1"))
            #expect(page.text.contains("5 min"))
            #expect(!page.text.contains("<progress"))
            #expect(!page.text.contains("class=\"mark\""))
        }
    }

    @Test func aLearnerSeesWhereTheyAreAndWhatIsDone() async throws {
        try await WebFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            _ = try await server.send("POST", "/api/progress/lessons/ch01-one/start", user: id)
            let begun = try await server.open("/book", as: id)
            #expect(begun.text.contains("<a href=\"/lessons/ch01-one\" aria-current=\"true\">"))
            #expect(begun.text.contains("<span class=\"mark\">You are here</span>"))
            #expect(begun.text.contains("0 of 2 completed"))
            _ = try await server.send("POST", "/api/progress/lessons/ch01-one/complete", user: id)
            let completed = try await server.open("/book", as: id)
            #expect(completed.text.contains("<span class=\"mark\">Completed</span>"))
            #expect(completed.text.contains("1 of 2 completed"))
            #expect(!completed.text.contains("aria-current=\"true\""))
        }
    }

    @Test func aChapterNamesWhatItBuildsOnAndWhatIsNotWritten() async throws {
        try await WebFixture.run { fixture, server in
            try await fixture.database.execute(
                """
                INSERT INTO lectern.chapter (release_id, number, part_number, local_number, title, folder_name,
                    prerequisites)
                SELECT id, 2, 1, 2, 'Second Chapter', '02-second', '{1}' FROM lectern.release
                """)
            let page = try await server.open("/book")
            #expect(page.text.contains("id=\"chapter-2\""))
            #expect(page.text.contains("Not written yet."))
            #expect(page.text.contains("Builds on:"))
            #expect(page.text.contains("<a href=\"#chapter-1\"><bdi lang=\"en\">First Chapter</bdi></a>"))
        }
    }
}
