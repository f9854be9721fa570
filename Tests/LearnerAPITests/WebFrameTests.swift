import CurlHTTP
import Postgres
import Testing

/// What holds of every page: who may send a form, in which language it is answered, and what browsers keep.
@Suite struct WebFrameTests {
    private static let learner = "7d8f3c1e-2b4a-4c6d-8e9f-0a1b2c3d4e5f"

    @Test func formsCountOnlyFromOurOwnPages() async throws {
        try await WebFixture.run { _, server in
            let own = "http://127.0.0.1:\(server.port)"
            let accepted: [WebFixture.Fields] = [
                [("Sec-Fetch-Site", "same-origin")], [("Sec-Fetch-Site", "none")], [("Origin", own)],
            ]
            for headers in accepted {
                let answer = try await server.submit("/language", [("language", "ur")], headers: headers)
                #expect(answer.status == 303, "\(headers)")
                #expect(answer.cookie("lectern_language") == "ur")
            }
            let refused: [WebFixture.Fields] = [
                [], [("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "same-site")],
                [("Sec-Fetch-Site", "cross-site"), ("Origin", own)], [("Origin", "null")],
                [("Origin", "http://evil.example")], [("Origin", own + ".evil.example")],
                [("Origin", "http://127.0.0.1")], [("Origin", "")],
            ]
            for headers in refused {
                let answer = try await server.submit("/language", [("language", "ur")], headers: headers)
                #expect(answer.status == 403, "\(headers)")
                #expect(answer.text.contains("no other site can act in your name"))
                #expect(answer.cookie("lectern_language") == nil)
            }
        }
    }

    @Test func whatIsNoFormIsAnsweredByAPage() async throws {
        try await WebFixture.run { _, server in
            let headers: WebFixture.Fields = [("Sec-Fetch-Site", "same-origin"), ("Accept", "text/html")]
            let form = "application/x-www-form-urlencoded"
            let large = String(repeating: "a", count: 64 * 1_024 + 1)
            for (body, type, status) in [
                (large, form, 413), ("{}", "application/json", 415), ("a=%", form, 422), ("language=fr", form, 422),
                ("a=1", "multipart/form-data", 415),
            ] {
                let answer = try await server.send(
                    "POST", "/language", headers: headers, body: Array(body.utf8), type: type)
                #expect(answer.status == status)
                #expect(answer.text.contains("<h1>"))
                #expect(answer.headers.first("Cache-Control") == "no-store")
            }
        }
    }

    @Test func theLanguageIsTheBrowsersUntilSomebodyChoosesOne() async throws {
        try await WebFixture.run { _, server in
            #expect(try await server.open("/").text.contains("<html lang=\"en\" dir=\"ltr\">"))
            let asked = try await server.open("/", headers: [("Accept-Language", "ur-PK, en;q=0.5")])
            #expect(asked.text.contains("<html lang=\"ur\" dir=\"rtl\">"))
            let chosen = try await server.open(
                "/", headers: [("Accept-Language", "ur"), ("Cookie", "lectern_language=en")])
            #expect(chosen.text.contains("<html lang=\"en\" dir=\"ltr\">"))
            let missing = try await server.open("/none", headers: [("Accept-Language", "ur")])
            #expect(missing.status == 404)
            #expect(missing.text.contains("<h1>صفحہ نہیں ملا</h1>"))
        }
    }

    @Test func switchingTheLanguageLeadsBackAndNowhereElse() async throws {
        try await WebFixture.run { _, server in
            for (to, location) in [("/lessons/ch01-one", "/lessons/ch01-one"), ("//evil.example", "/")] {
                let answer = try await server.submit("/language", [("language", "ur"), ("to", to)])
                #expect(answer.headers.first("Location") == location)
            }
        }
    }

    @Test func pagesAreForTheirReaderOnly() async throws {
        try await WebFixture.run { _, server in
            let page = try await server.open("/")
            #expect(page.status == 200)
            #expect(page.headers.first("Cache-Control") == "private, no-cache")
            #expect(page.headers.first("Vary") == "Cookie, Accept-Language, Accept")
            #expect(page.headers.first("Referrer-Policy") == "same-origin")
            #expect(page.headers.first("Content-Security-Policy")?.contains("default-src 'none'") == true)
            let tag = try #require(page.headers.first("ETag"))
            #expect(try await server.open("/", headers: [("If-None-Match", tag)]).status == 304)
            let urdu = try await server.open("/", headers: [("If-None-Match", tag), ("Accept-Language", "ur")])
            #expect(urdu.status == 200)
        }
    }

    @Test func theIDNeverStandsInAPageOrInTheLog() async throws {
        try await WebFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            for path in ["/", "/profile", "/book", "/onboarding"] {
                #expect(!(try await server.open(path, as: id).text.contains(id)), "\(path)")
            }
            #expect(!server.log.lines.contains { $0.contains(id) })
        }
    }

    @Test func aQuoteWithACombiningMarkIsEscapedToo() async throws {
        try await WebFixture.run { fixture, server in
            _ = try await fixture.database.execute("UPDATE lectern.book SET title = \("<\u{301}b \"\u{301} onclick=")")
            let page = try await server.open("/book")
            #expect(page.text.unicodeScalars.contains { $0 == "\u{301}" })
            // By scalars: the mark makes one character of what stands before it.
            let scalars = Array(page.text.unicodeScalars)
            for (first, second) in zip(scalars, scalars.dropFirst()) where second == "\u{301}" {
                #expect(first == ";")
            }
        }
    }

    @Test func withTheDatabaseAwayPagesStayPages() async throws {
        try await WebFixture.withoutDatabase { server in
            for path in ["/", "/onboarding", "/profile"] {
                let page = try await server.open(path, as: Self.learner)
                #expect(page.status == 200, "\(path)")
                #expect(page.text.contains("The database does not answer"), "\(path)")
            }
            let stranger = try await server.open("/")
            #expect(stranger.text.contains("The database does not answer"))
            let book = try await server.open("/book", headers: [("Accept-Language", "ur")])
            #expect(book.status == 503)
            #expect(book.text.contains("<h1>اس وقت دستیاب نہیں</h1>"))
            #expect(book.text.contains("href=\"/book\""))
        }
    }
}
