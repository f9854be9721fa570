import CurlHTTP
import JobQueuePostgres
import Operators
import Postgres
import Testing

@testable import LearnerAPI
@testable import OperatorConsole

@Suite struct ConsoleActionsTests {
    @Test func aQueueIsPausedAndGoesOn() async throws {
        try await ConsoleBrowser.run { fixture, server in
            try await fixture.bury(7)
            let steerer = try await ConsoleBrowser(server, key: fixture.key(.operator))
            let paused = try await steerer.send(
                "/ops/queue?name=webhook", "action=pause&minutes=30&reason=the+receiver+%3Cis%3E+away")
            #expect(paused.status == 303)
            #expect(paused.headers.first("Location") == "/ops/queue?name=webhook&notice=paused")
            let page = try await steerer.open("/ops/queue?name=webhook&notice=paused").text
            #expect(page.contains("The queue is paused."))
            #expect(page.contains("because: the receiver &lt;is&gt; away"))
            #expect(page.contains("value=\"resume\""))
            #expect(try await steerer.open("/ops").text.contains("<td data-number=\"state\">paused</td>"))
            let resumed = try await steerer.send("/ops/queue?name=webhook", "action=resume")
            #expect(resumed.headers.first("Location") == "/ops/queue?name=webhook&notice=resumed")
            let again = try await steerer.send("/ops/queue?name=webhook", "action=resume")
            #expect(again.headers.first("Location")?.hasSuffix("not_paused") == true)
            let audit = try await steerer.open("/ops/audit").text
            for word in ["queue.pause", "queue.resume", "queue webhook", "test operator"] {
                #expect(audit.contains(word))
            }
        }
    }

    @Test func aWishWithoutSenseIsAnsweredAndChangesNothing() async throws {
        try await ConsoleBrowser.run { fixture, server in
            try await fixture.bury(7)
            let steerer = try await ConsoleBrowser(server, key: fixture.key(.operator))
            let wishes = [
                ("/ops/queue?name=webhook", "action=pause&minutes=0", 422),
                ("/ops/queue?name=webhook", "action=pause&minutes=x", 422),
                ("/ops/queue?name=webhook", "action=dance", 422), ("/ops/queue?name=nothing", "action=pause", 404),
                ("/ops/jobs/7", "action=discard", 422), ("/ops/jobs/7", "action=cancel", 409),
                ("/ops/jobs/8", "action=retry", 404), ("/ops/workers", "worker=x&action=stop", 422),
                ("/ops/workers", "worker=9&action=stop", 404), ("/ops/content", "release=x&action=rollback", 422),
                ("/ops/redrive", "reason=x", 422), ("/ops/redrive", "hash=x&reason=x", 409),
                ("/ops/jobs/7", "action=retry&x=%00", 422),
            ]
            for (path, form, status) in wishes {
                let answer = try await steerer.send(path, form)
                #expect(answer.status == status, "\(path) \(form)")
                #expect(answer.text.contains("Back to the queues"))
            }
            #expect(try await fixture.number("SELECT count(*)::int8 FROM lectern.dead") == 1)
            #expect(try await fixture.number("SELECT count(*)::int8 FROM lectern.queue_control") == 0)
        }
    }

    @Test func aDeadLetterRunsAgainAndAWaitingJobIsCancelled() async throws {
        try await ConsoleBrowser.run { fixture, server in
            try await fixture.bury(7)
            try await fixture.bury(8)
            let steerer = try await ConsoleBrowser(server, key: fixture.key(.operator))
            #expect(try await steerer.open("/ops/jobs/7").text.contains("unreachable: no answer"))
            let retried = try await steerer.send("/ops/jobs/7", "action=retry")
            #expect(retried.headers.first("Location") == "/ops/jobs/7?notice=retried")
            #expect(try await fixture.number("SELECT count(*)::int8 FROM lectern.ready WHERE job_id = 7") == 1)
            let page = try await steerer.open("/ops/jobs/7").text
            #expect(page.contains("no live worker serves the queue webhook"))
            #expect(page.contains("job.retry"))
            #expect(page.contains("value=\"cancel\""))
            let cancelled = try await steerer.send("/ops/jobs/7", "action=cancel")
            #expect(cancelled.headers.first("Location") == "/ops/jobs/7?notice=cancelled")
            let discarded = try await steerer.send("/ops/jobs/8", "action=discard&reason=obsolete")
            #expect(discarded.headers.first("Location") == "/ops/jobs/8?notice=discarded")
            #expect(try await fixture.number("SELECT count(*)::int8 FROM lectern.dead") == 0)
        }
    }

    @Test func manyDeadLettersRunAgainAsTheyWereShownOrNotAtAll() async throws {
        try await ConsoleBrowser.run { fixture, server in
            for id in 1...12 { try await fixture.bury(Int64(id)) }
            try await fixture.bury(50, kind: "embed_lesson")
            let steerer = try await ConsoleBrowser(server, key: fixture.key(.operator))
            func hash() async throws -> String {
                let plan = try await steerer.open("/ops/redrive?kind=deliver_webhook").text
                return try #require(plan.firstMatch(of: /name="hash" value="([0-9a-f]+)"/)).1.description
            }
            let planned = try await steerer.open("/ops/redrive?kind=deliver_webhook").text
            #expect(planned.contains("<strong>12</strong> dead letters of the kind deliver_webhook"))
            #expect(planned.contains("And 2 more."))
            let old = try await hash()
            try await fixture.bury(13)
            let moved = try await steerer.send("/ops/redrive?kind=deliver_webhook", "hash=\(old)&reason=fixed")
            #expect(moved.status == 409)
            #expect(try await fixture.number("SELECT count(*)::int8 FROM lectern.ready") == 0)
            let form = "hash=\(try await hash())&reason=fixed"
            let applied = try await steerer.send("/ops/redrive?kind=deliver_webhook", form)
            #expect(applied.headers.first("Location") == "/ops/jobs?kind=deliver_webhook&notice=redriven")
            #expect(try await fixture.number("SELECT count(*)::int8 FROM lectern.ready") == 13)
            #expect(try await fixture.number("SELECT count(*)::int8 FROM lectern.dead") == 1)
        }
    }

    @Test func aWorkerIsQuietedResumedAndStopped() async throws {
        try await ConsoleBrowser.run { fixture, server in
            try await fixture.database.execute(
                "INSERT INTO lectern.worker (name, queues, slots) VALUES ('host/1', '{webhook}', 4)")
            let id = try await fixture.number("SELECT id FROM lectern.worker")
            let steerer = try await ConsoleBrowser(server, key: fixture.key(.operator))
            for (action, state) in [("quiet", "quiet"), ("resume", "working"), ("stop", "stopping")] {
                #expect(try await steerer.send("/ops/workers", "worker=\(id)&action=\(action)").status == 303)
                #expect(try await steerer.open("/ops/workers").text.contains("<td>\(state)</td>"))
            }
        }
    }

    @Test func aReleaseThatCannotBeShownStaysAway() async throws {
        try await ConsoleBrowser.run { fixture, server in
            let steerer = try await ConsoleBrowser(server, key: fixture.key(.operator))
            #expect(try await steerer.open("/ops/content").text.contains("<td>published</td>"))
            let answer = try await steerer.send("/ops/content", "release=999&action=rollback")
            #expect(answer.status == 404 || answer.status == 409)
            #expect(try await steerer.open("/ops/audit").text.contains("release.rollback"))
        }
    }
}
