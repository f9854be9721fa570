import Foundation
import JobQueue
import JobQueuePostgres
import Learners
import Logging
import Personalization
import PipelineJobs
import Postgres
import ServerTesting
import Testing

@testable import LearnerAPI

@Suite struct WebhookAPITests {
    private static let ask = #"{"lesson_slug":"ch01-one"}"#

    private func deliveries(_ database: PostgresClient) async throws -> [DeliverWebhook] {
        try await database.query(
            "SELECT args::text AS args FROM lectern.job WHERE kind = 'deliver_webhook' ORDER BY id"
        )
        .map { try JSONDecoder().decode(DeliverWebhook.self, from: Data(try $0.decode("args", as: String.self).utf8)) }
    }

    @Test func `a caller may name a webhook that the operator entered, and no other`() async throws {
        try await APIFixture.run(adjust: { $0.webhooks = WebhookDesk(names: ["app"], queue: $1) }) { fixture, server in
            let user = try await fixture.learner(server)
            let bad = try await server.send(
                "POST", "/api/personalize", user: user, json: #"{"lesson_slug":"ch01-one","webhook":"other"}"#)
            #expect(bad.status == 422)
            #expect(bad.list("errors", "field") == ["webhook"])
            let body = #"{"lesson_slug":"ch01-one","webhook":"app"}"#
            let miss = try await server.send("POST", "/api/personalize", user: user, json: body)
            let id = try #require(miss["operation", "id"]?.text)
            // Asked for twice, told once.
            _ = try await server.send("POST", "/api/personalize", user: user, json: body)
            #expect(try await self.deliveries(fixture.database).isEmpty)

            let queue = PostgresJobQueue(
                database: fixture.database, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let job = try #require(
                try await fixture.database.queryOne("SELECT job_id FROM lectern.operation")
            ).decode("job_id", as: Int64.self)
            let end = { (expected: Int) in
                try await queue.withTransaction { transaction in
                    let count = try await WebhookRequests.enqueueDeliveries(
                        jobID: JobID(rawValue: job), at: Date(timeIntervalSince1970: 1_700_000_000),
                        in: transaction)
                    #expect(count == expected)
                }
            }
            _ = try await fixture.finishPersonalizations()
            try await end(1)
            try await end(0)
            let deliveries = try await self.deliveries(fixture.database)
            #expect(deliveries.count == 1)
            let delivery = try #require(deliveries.first)
            #expect(delivery.endpoint == "app" && delivery.type == "personalization.succeeded")
            #expect(delivery.operationID == id && delivery.lessonSlug == "ch01-one" && delivery.at == 1_700_000_000)
            #expect(delivery.eventID.hasPrefix("msg_") && delivery.eventID.utf8.count == 36)
        }
    }

    @Test func `a wish that comes after the end is fulfilled at once`() async throws {
        try await APIFixture.run { fixture, server in
            let user = try await fixture.learner(server)
            let miss = try await server.send("POST", "/api/personalize", user: user, json: Self.ask)
            let id = try #require(UUID(uuidString: miss["operation", "id"]?.text ?? ""))
            let queue = PostgresJobQueue(
                database: fixture.database, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let desk = WebhookDesk(names: ["app"], queue: queue, now: { Date(timeIntervalSince1970: 7) })
            try await desk.tell("app", of: id) { .failed }
            let deliveries = try await self.deliveries(fixture.database)
            #expect(deliveries.map(\.type) == ["personalization.failed"])
            #expect(deliveries.map(\.at) == [7])
        }
    }

    @Test func `wishes and the end of the work never miss each other`() async throws {
        try await APIFixture.run { fixture, server in
            let user = try await fixture.learner(server)
            let miss = try await server.send("POST", "/api/personalize", user: user, json: Self.ask)
            let id = try #require(UUID(uuidString: miss["operation", "id"]?.text ?? ""))
            let learner = try #require(LearnerID(user))
            let database = fixture.database
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let queue = PostgresJobQueue(database: database, logger: logger)
            let service = try fixture.dependencies(logger).personalization
            let job = JobID(
                rawValue: try #require(
                    try await database.queryOne("SELECT job_id FROM lectern.operation")
                ).decode("job_id"))
            for round in 0..<30 {
                try await database.execute(
                    """
                    UPDATE lectern.personalized_lesson SET state = 'pending', sections = NULL, opening = NULL,
                        closing = NULL, text_hash = NULL, generator = NULL, generated_at = NULL
                    """
                )
                async let end: Void = queue.withTransaction { transaction in
                    try await transaction.execute(
                        """
                        UPDATE lectern.personalized_lesson SET state = 'ready', sections = '{}', opening = 'x',
                            closing = 'y', text_hash = 'h', generator = 'g', generated_at = now()
                        """)
                    try await WebhookRequests.enqueueDeliveries(jobID: job, at: Date(), in: transaction)
                }
                let desk = WebhookDesk(names: ["app"], queue: queue)
                async let wish: Void = desk.tell("app", of: id) {
                    try await service.operation(id, of: learner).state
                }
                _ = try await (end, wish)
                #expect(try await self.deliveries(database).count == 1, "round \(round)")
                try await database.execute("DELETE FROM lectern.job WHERE kind = 'deliver_webhook'")
                try await database.execute("DELETE FROM lectern.ready WHERE queue = 'webhook'")
                try await database.execute("DELETE FROM lectern.flight WHERE key LIKE 'deliver_webhook:%'")
            }
        }
    }

    @Test func `an end that nobody could tell of is found, and a request under way is left alone`() async throws {
        try await APIFixture.run(adjust: { $0.webhooks = WebhookDesk(names: ["app"], queue: $1) }) { fixture, server in
            let body = #"{"lesson_slug":"ch01-one","webhook":"app"}"#
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let queue = PostgresJobQueue(database: fixture.database, logger: logger)
            let overdue = OverdueWebhooks(
                database: fixture.database, queue: queue, now: { Date(timeIntervalSince1970: 9) })
            let ask = { (user: String) in
                let miss = try await server.send("POST", "/api/personalize", user: user, json: body)
                return try #require(miss["operation", "id"]?.text)
            }
            let first = try await fixture.learner(server)
            let withdrawn = try await ask(first)
            let second = try await fixture.learner(server)
            let died = try await ask(second)
            #expect(try await overdue.sweep() == 0)

            // The other learner waits for the same job, which goes on.
            #expect(try await server.send("DELETE", "/api/operations/\(withdrawn)", user: first).status == 204)
            #expect(try await overdue.sweep() == 1)
            let job = try #require(
                try await fixture.database.queryOne("SELECT job_id FROM lectern.operation LIMIT 1")
            ).decode("job_id", as: Int64.self)
            #expect(try await JobInspector(database: fixture.database).cancel(JobID(rawValue: job)) == .cancelled)
            #expect(try await overdue.sweep() == 1)
            #expect(try await overdue.sweep() == 0)

            let deliveries = try await self.deliveries(fixture.database)
            #expect(deliveries.map(\.operationID) == [withdrawn, died])
            #expect(deliveries.allSatisfy { $0.type == "personalization.failed" && $0.at == 9 })
        }
    }
}
