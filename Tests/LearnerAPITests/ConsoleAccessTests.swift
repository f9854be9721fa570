import CurlHTTP
import Operators
import Postgres
import Testing

@testable import LearnerAPI
@testable import OperatorConsole

@Suite struct ConsoleAccessTests {
    private static let html = [(name: "Accept", value: "text/html,*/*;q=0.8")]

    @Test func aBrowserWithoutACredentialIsLedToTheFormAndBack() async throws {
        try await ConsoleBrowser.run { fixture, server in
            let asked = try await server.send("GET", "/ops/jobs?state=dead", headers: Self.html)
            #expect(asked.status == 303)
            #expect(asked.headers.first("Location") == "/ops/sign-in?then=%2Fops%2Fjobs%3Fstate%3Ddead")
            let form = try await server.send("GET", "/ops/sign-in?then=%2Fops%2Fjobs%3Fstate%3Ddead")
            #expect(form.status == 200)
            #expect(form.text.contains("value=\"/ops/jobs?state=dead\""))
            #expect(form.headers.first("Cache-Control") == "no-store")
            #expect(form.headers.first("X-Robots-Tag") == "noindex, nofollow")
            #expect(form.headers.first("Content-Security-Policy")?.contains("form-action 'self'") == true)
            let key = try await fixture.key(.viewer)
            let signedIn = try await server.send(
                "POST", "/ops/sign-in", headers: [("Sec-Fetch-Site", "same-origin"), ("X-Forwarded-Proto", "https")],
                body: Array("then=%2Fops%2Fjobs%3Fstate%3Ddead&key=\(key)".utf8),
                type: "application/x-www-form-urlencoded")
            #expect(signedIn.status == 303)
            #expect(signedIn.headers.first("Location") == "/ops/jobs?state=dead")
            let cookie = try #require(signedIn.headers.first("Set-Cookie"))
            for part in ["HttpOnly", "SameSite=Strict", "Secure"] { #expect(cookie.contains(part)) }
            let browser = try await ConsoleBrowser(server, key: key)
            #expect(try await browser.open("/ops/jobs").status == 200)
            let out = try await browser.send("/ops/sign-out", "")
            #expect(out.status == 303)
            #expect(out.headers.first("Set-Cookie")?.contains("Max-Age=0") == true)
            #expect(try await browser.open("/ops/jobs").status == 303)
            #expect(!server.log.lines.contains { $0.contains(key.suffix(64)) })
        }
    }

    @Test func aWrongKeyAndAForeignFormSignNobodyIn() async throws {
        try await ConsoleBrowser.run { fixture, server in
            let key = try await fixture.key(.admin)
            let syncer = try await fixture.key(.syncer)
            func signIn(_ body: String, site: String = "same-origin") async throws -> APIServer.Answer {
                try await server.send(
                    "POST", "/ops/sign-in", headers: [("Sec-Fetch-Site", site)], body: Array(body.utf8),
                    type: "application/x-www-form-urlencoded")
            }
            let wrong = try await signIn("key=lectern_1_no")
            #expect(wrong.status == 401)
            #expect(wrong.text.contains("That is no key"))
            #expect(wrong.headers.first("Set-Cookie") == nil)
            #expect(try await signIn("key=\(syncer)").status == 403)
            #expect(try await signIn("key=\(key)", site: "cross-site").status == 403)
            #expect(try await signIn("key=%FF").status == 422)
            #expect(try await signIn("key=" + String(repeating: "x", count: 9_000)).status == 413)
            #expect(try await fixture.number("SELECT count(*)::int8 FROM lectern.operator_session") == 0)
            // Never to another site.
            for then in ["//evil.example", "https://evil.example", "/ops/%5Cevil", "/profile", "/opsx"] {
                let answer = try await signIn("then=\(ConsoleAddress.encoded(then))&key=\(key)")
                #expect(answer.headers.first("Location") == (then == "/ops/%5Cevil" ? then : "/ops"))
            }
        }
    }

    @Test func aViewerSeesEverythingAndSteersNothing() async throws {
        try await ConsoleBrowser.run { fixture, server in
            try await fixture.bury(7)
            try await fixture.database.execute(
                "INSERT INTO lectern.worker (name, queues, slots) VALUES ('host/1', '{webhook}', 4)")
            let viewer = try await ConsoleBrowser(server, key: fixture.key(.viewer))
            for path in ConsolePagesTests.paths {
                let page = try await viewer.open(path)
                #expect(page.status == 200, "\(path)")
                #expect(!page.text.contains("name=\"action\""), "\(path)")
            }
            let forms = [
                ("/ops/queue?name=webhook", "action=pause"), ("/ops/jobs/7", "action=retry"),
                ("/ops/jobs/7", "action=discard&reason=x"), ("/ops/redrive", "hash=x&reason=x"),
                ("/ops/workers", "worker=1&action=stop"), ("/ops/content", "release=1&action=rollback"),
            ]
            for (path, form) in forms {
                let answer = try await viewer.send(path, form)
                #expect(answer.status == 403, "\(path)")
                #expect(answer.text.contains("viewer"))
            }
            #expect(try await fixture.number("SELECT count(*)::int8 FROM lectern.dead") == 1)
            #expect(try await fixture.number("SELECT count(*)::int8 FROM lectern.audit") == 0)
            #expect(try await fixture.number("SELECT count(*)::int8 FROM lectern.queue_control") == 0)
        }
    }

    @Test func aFormOfAnotherSiteChangesNothing() async throws {
        try await ConsoleBrowser.run { fixture, server in
            try await fixture.bury(7)
            let boss = try await ConsoleBrowser(server, key: fixture.key(.admin))
            for site in ["cross-site", "same-site"] {
                for (path, form) in [("/ops/queue?name=webhook", "action=pause"), ("/ops/jobs/7", "action=retry")] {
                    #expect(try await boss.send(path, form, site: site).status == 403)
                }
                #expect(try await boss.send("/ops/sign-out", "", site: site).status == 403)
            }
            #expect(try await boss.open("/ops").status == 200)
            #expect(try await fixture.number("SELECT count(*)::int8 FROM lectern.audit") == 0)
            #expect(try await fixture.number("SELECT count(*)::int8 FROM lectern.dead") == 1)
        }
    }

    @Test func everyAddressSaysWhatItAnswers() async throws {
        try await ConsoleBrowser.run { fixture, server in
            let bearer = [(name: "Authorization", value: "Bearer \(try await fixture.key(.admin))")]
            for path in ["/ops", "/ops/jobs", "/ops/audit", "/ops/workers", "/ops/sign-in", "/ops/console.css"] {
                let answer = try await server.send("DELETE", path, headers: bearer)
                #expect(answer.status == 405)
                #expect(answer.headers.first("Allow")?.contains("GET, HEAD") == true)
            }
            #expect(try await server.send("HEAD", "/ops/jobs", headers: bearer).status == 200)
            #expect(try await server.send("GET", "/ops/jobs/x", headers: bearer).status == 404)
            #expect(try await server.send("GET", "/ops/jobs/9", headers: bearer).status == 404)
            for query in ["state=nothing", "before=x", "queue=%FF"] {
                #expect(try await server.send("GET", "/ops/jobs?\(query)", headers: bearer).status == 400)
            }
            #expect(try await server.send("GET", "/ops/queue?name=nothing", headers: bearer).status == 404)
            let json = try await server.send("POST", "/ops/workers", headers: bearer, json: "{}")
            #expect(json.status == 415)
        }
    }
}
