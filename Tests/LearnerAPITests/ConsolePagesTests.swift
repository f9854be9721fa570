import CurlHTTP
import FoundationEssentials
import Operators
import Postgres
import ServerSentEvents
import Testing

@testable import LearnerAPI
@testable import OperatorConsole

@Suite struct ConsolePagesTests {
    static let paths = [
        "/ops", "/ops/queue?name=webhook", "/ops/jobs", "/ops/jobs?state=dead", "/ops/jobs/7", "/ops/redrive",
        "/ops/workers", "/ops/content", "/ops/limits", "/ops/audit",
    ]
    private static let heaviest = 40 * 1_024

    /// More of everything than a page shows, with texts that take the most room.
    private static func fill(_ fixture: APIFixture) async throws {
        let statements: [SQL] = [
            """
            INSERT INTO lectern.dead (job_id, queue, kind, args, lane, max_attempts, timeout_ms, attempt, crashes, code,
                message)
            SELECT n, 'webhook', 'deliver_webhook', '{"type":"x"}', 10, 3, 1000, 3, 0, repeat('"', 300), repeat('"<', 5000)
            FROM generate_series(7, 400) AS n
            """,
            """
            INSERT INTO lectern.event (job_id, attempt, what, code, message)
            SELECT 7, 1, 'retry', repeat('<', 200), repeat('"', 2000) FROM generate_series(1, 500)
            """,
            """
            INSERT INTO lectern.worker (name, queues, slots)
            SELECT repeat('"', 300) || n, ARRAY['q<' || n], 4 FROM generate_series(1, 200) AS n
            """,
            """
            INSERT INTO lectern.stat_minute (minute, queue, kind, source, part, started, succeeded, wait_ms, run_ms)
            SELECT date_trunc('minute', now()) - n * interval '1 minute', q, 'k', 's', 1, n * 7 % 50, n * 13 % 50,
                   ARRAY[n * 17 % 900 + 1, 3], ARRAY[n * 31 % 900 + 1, 3]
            FROM generate_series(1, 59) AS n, unnest('{webhook,a,b,c,d,e,f,g}'::text[]) AS q
            """,
            """
            INSERT INTO lectern.budget (scope, period, cap_micros, origin)
            SELECT repeat('"', 200) || n, 'day', 1000000, 'operator' FROM generate_series(1, 200) AS n
            """,
            """
            SELECT lectern.audit_append(repeat('"', 200), 'admin', 'job.retry', 'job 7', 'done', NULL, repeat('"', 500),
                NULL, NULL) FROM generate_series(1, 60)
            """,
        ]
        for statement in statements { try await fixture.database.execute(statement) }
    }

    @Test func everyPageIsLightEvenWithManyRowsAndHostileTexts() async throws {
        try await ConsoleBrowser.run { fixture, server in
            try await Self.fill(fixture)
            let boss = try await ConsoleBrowser(server, key: fixture.key(.admin))
            var files = 0
            for path in ["/ops/console.css", "/ops/console.js"] { files += try await boss.open(path).body.count }
            for path in Self.paths {
                let page = try await boss.open(path)
                #expect(page.status == 200, "\(path)")
                #expect(page.body.count + files <= Self.heaviest, "\(path): \(page.body.count)")
                #expect(page.headers.first("Cache-Control") == "no-store")
            }
        }
    }

    @Test func hostileTextsAreHarmless() async throws {
        try await ConsoleBrowser.run { fixture, server in
            // A quote before a combining mark is one character with it, and a quote to a browser.
            let hostile = "\"\u{301}><script>alert(1)</script>'"
            try await fixture.bury(7, arguments: #"{"type":"<img src=x>"}"#, message: hostile)
            try await fixture.database.execute(
                "INSERT INTO lectern.worker (name, queues, slots) VALUES (\(hostile), ARRAY[\(hostile)], 4)")
            try await fixture.database.execute(
                "INSERT INTO lectern.event (job_id, attempt, what, message) VALUES (7, 1, 'retry', \(hostile))")
            let boss = try await ConsoleBrowser(server, key: fixture.key(.admin))
            let encoded = ConsoleAddress.encoded(hostile)
            let more = [
                "/ops/queue?name=\(encoded)", "/ops/jobs?queue=\(encoded)&kind=\(encoded)&code=\(encoded)",
                "/ops/redrive?queue=\(encoded)", "/ops/audit?subject=\(encoded)", "/ops?notice=\(encoded)",
                "/ops/sign-in?then=\(encoded)",
            ]
            for path in Self.paths + more {
                let page = try await boss.open(path)
                #expect(page.status == 200 || page.status == 404, "\(path)")
                for text in ["<script>alert", "<img", "\"\u{301}"] {
                    #expect(!page.text.unicodeScalars.contains(text.unicodeScalars), "\(path)")
                }
            }
        }
    }

    @Test func argumentsAreShownAsTheirClassesAllow() async throws {
        try await ConsoleBrowser.run { fixture, server in
            try await fixture.bury(
                7, arguments: #"{"type":"open-value","operation_id":"restricted-value","learner":"personal-value"}"#)
            let viewer = try await ConsoleBrowser(server, key: fixture.key(.viewer))
            let steerer = try await ConsoleBrowser(server, key: fixture.key(.operator))
            let seen = try await viewer.open("/ops/jobs/7").text
            #expect(seen.contains("open-value"))
            #expect(!seen.contains("restricted-value"))
            #expect(!seen.contains("personal-value"))
            let steered = try await steerer.open("/ops/jobs/7").text
            #expect(steered.contains("restricted-value"))
            #expect(!steered.contains("personal-value"))
        }
    }

    @Test func theChartsShowTheLastHourAndSayItInWords() async throws {
        try await ConsoleBrowser.run { fixture, server in
            try await fixture.database.execute(
                """
                INSERT INTO lectern.stat_minute (minute, queue, kind, source, part, started, succeeded, wait_ms, run_ms)
                VALUES (date_trunc('minute', now()) - interval '3 minutes', 'embed', 'k', 's', 1, 12, 12, '{2000,12}',
                        '{500,12}')
                """)
            try await fixture.database.execute(
                "INSERT INTO lectern.worker (name, queues, slots) VALUES ('host/1', '{embed}', 4)")
            let viewer = try await ConsoleBrowser(server, key: fixture.key(.viewer))
            let page = try await viewer.open("/ops/queue?name=embed").text
            #expect(page.contains("finished: 0 a minute last, 12 a minute most"))
            #expect(page.contains("<title id=\"c-1-t\">Wait</title>"))
            #expect(page.contains("<th scope=\"row\">5 to 0 min ago</th><td>0</td><td>12</td>"))
            #expect(try await viewer.open("/ops").text.contains("4 a minute most"))
        }
    }

    @Test func aJobSaysWhatItHasCost() async throws {
        try await ConsoleBrowser.run { fixture, server in
            try await fixture.bury(7)
            try await fixture.bury(8)
            try await fixture.database.execute(
                """
                INSERT INTO lectern.model_attempt (provider, model, purpose, job_id, outcome, prompt_tokens,
                    completion_tokens, is_estimated, cost_micros, duration_ms)
                SELECT 'p', 'm', 'section', 7, 'ok', 100, 20, false, 1500, 10 FROM generate_series(1, 3)
                """)
            let viewer = try await ConsoleBrowser(server, key: fixture.key(.viewer))
            let page = try await viewer.open("/ops/jobs/7").text
            #expect(page.contains("$0.004500 for 3 requests, 300 tokens in and 60 out"))
            #expect(try await !viewer.open("/ops/jobs/8").text.contains("Models cost"))
        }
    }

    @Test func theListPagesAndKeepsItsFilterInItsAddress() async throws {
        try await ConsoleBrowser.run { fixture, server in
            for id in 1...60 { try await fixture.bury(Int64(id)) }
            let viewer = try await ConsoleBrowser(server, key: fixture.key(.viewer))
            let first = try await viewer.open("/ops/jobs?queue=webhook&state=dead").text
            #expect(first.contains("<a href=\"/ops/jobs?queue=webhook&amp;state=dead&amp;before=11\" rel=\"next\">"))
            #expect(first.contains("<option selected>dead</option>"))
            let second = try await viewer.open("/ops/jobs?queue=webhook&state=dead&before=11").text
            #expect(second.contains("/ops/jobs/10\""))
            #expect(!second.contains("/ops/jobs/11\""))
            #expect(!second.contains("rel=\"next\""))
            #expect(try await viewer.open("/ops/jobs?queue=embed").text.contains("No job matches."))
            let refreshed = try await viewer.open("/ops/jobs?refresh=10").text
            #expect(refreshed.contains("<meta http-equiv=\"refresh\" content=\"10\">"))
        }
    }

    @Test func openPagesAreToldTheNumbers() async throws {
        try await ConsoleBrowser.run { fixture, server in
            try await fixture.bury(7)
            let key = try await fixture.key(.viewer)
            let stream = try await server.events(
                "/ops/events", headers: [("Authorization", "Bearer \(key)")], until: { $0.event == "numbers" })
            #expect(stream.status == 200)
            #expect(stream.headers.first("Content-Type") == "text/event-stream")
            let numbers = try #require(stream.events.first)
            #expect(numbers.data.contains(#""webhook":{"blocked":"0","dead":"1","oldest":"–""#))
            #expect(try await server.send("GET", "/ops/events").status == 401)
        }
    }
}
