import ContentHashing
import FoundationEssentials
import JobQueue
import JobQueuePostgres
import Learners
import Logging
import PipelineJobs
import Postgres
import PostgresTesting
import Schema
import Synchronization

@testable import Personalization

/// A migrated database with one published lesson, and everything around it that serves requests.
struct ServiceFixture {
    static let slug = "ch01-sensors"
    static let text = String(decoding: Fixtures.lesson.markdown, as: UTF8.self)
    static let contentHash = ContentHash(of: Self.text).hex

    let database: PostgresClient
    let queue: PostgresJobQueue
    let service: PersonalizationService
    let learners: LearnerStore
    let parts: PersonalizationParts
    let bodies: ScriptedBodies

    nonisolated(nonsending) static func with(
        _ body: nonisolated(nonsending) (ServiceFixture) async throws -> Void
    ) async throws {
        try await withTestClient(configure: { $0.maximumConnections = 12 }) { client in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            try await Migrator(database: client, migrations: try Migration.bundled(), logger: logger).up()
            let queue = PostgresJobQueue(database: client, logger: logger)
            let bodies = ScriptedBodies(Self.text)
            let parts = try PersonalizationParts(bodies: bodies, model: nil)
            let fixture = ServiceFixture(
                database: client, queue: queue,
                service: PersonalizationService(database: client, queue: queue, parts: parts),
                learners: LearnerStore(database: client), parts: parts, bodies: bodies)
            try await fixture.publish(Self.contentHash)
            try await body(fixture)
        }
    }

    /// Publishes a release that holds the one lesson with the given text.
    func publish(_ contentHash: String) async throws {
        try await self.database.withTransaction { transaction in
            let book = try await transaction.query(
                """
                INSERT INTO lectern.book (slug, title, language) VALUES ('book', 'Book', 'en')
                ON CONFLICT (slug) DO UPDATE SET updated_at = now() RETURNING id
                """)[0].decode("id", as: UUID.self)
            try await transaction.execute(
                "UPDATE lectern.release SET state = 'superseded' WHERE book_id = \(book) AND state = 'published'")
            let release = try await transaction.query(
                """
                INSERT INTO lectern.release (book_id, manifest_hash, state, published_at)
                VALUES (\(book), \(contentHash), 'published', now()) RETURNING id
                """)[0].decode("id", as: Int64.self)
            try await transaction.execute(
                """
                INSERT INTO lectern.part (release_id, number, title, layer, tier, folder_name)
                VALUES (\(release), 1, 'Part', 'L1', 'A2', '01-part')
                """)
            try await transaction.execute(
                """
                INSERT INTO lectern.chapter (release_id, number, part_number, local_number, title, folder_name)
                VALUES (\(release), 1, 1, 1, 'Chapter', '01-chapter')
                """)
            let lesson = try await transaction.query(
                """
                INSERT INTO lectern.lesson (book_id, slug) VALUES (\(book), \(Self.slug))
                ON CONFLICT (book_id, slug) DO UPDATE SET slug = excluded.slug RETURNING id
                """)[0].decode("id", as: UUID.self)
            try await transaction.execute(
                """
                INSERT INTO lectern.release_lesson (release_id, lesson_id, position, chapter_number, number, title, slug,
                    type, content_hash, object_key, bucket_path, sidebar_position, estimated_minutes, size_bytes,
                    source_path)
                VALUES (\(release), \(lesson), 0, 1, 1, 'Sensors and Balance', \(Self.slug), 'lesson', \(contentHash),
                    \("books/book/.objects/\(contentHash).md"), 'alias', 1, 10, 100, 'sensors.md')
                """)
            try await transaction.execute(
                "UPDATE lectern.book SET active_release = \(release) WHERE id = \(book)")
        }
    }

    /// A learner who answered the questions.
    func learner(
        _ slice: ProfileSlice = ProfileSlice.allCases[0], goals: Set<LearningGoal> = [.hobby]
    ) async throws -> LearnerID {
        var random = SystemRandomNumberGenerator()
        let id = LearnerID.random(using: &random)
        _ = try await self.learners.create(id)
        _ = try await self.learners.completeOnboarding(id, profile: Fixtures.profile(slice, goals: goals))
        return id
    }

    /// The same installation where sections are meant to be written by somebody else.
    func with(_ writer: any SectionWriter) throws -> ServiceFixture {
        let parts = try PersonalizationParts(bodies: self.bodies, model: writer.recipe)
        return ServiceFixture(
            database: self.database, queue: self.queue,
            service: PersonalizationService(database: self.database, queue: self.queue, parts: parts),
            learners: self.learners, parts: parts, bodies: self.bodies)
    }

    func handler(_ writer: (any SectionWriter)? = nil) -> PersonalizeLessonHandler {
        PersonalizeLessonHandler(
            database: self.database, queue: self.queue, parts: self.parts, writer: writer ?? self.parts.embedded)
    }

    /// The text of an answer that has one.
    func content(_ answer: PersonalizationAnswer) async throws -> String? {
        guard case .ready(let text, let key) = answer else { return nil }
        return try await self.service.content(of: text, key)
    }

    /// The text of a lesson once it is written.
    func text(for learner: LearnerID) async throws -> String? {
        let answer = try await self.service.request(userID: learner, slug: Self.slug)
        return try await self.content(try await self.service.wait(for: answer, atMost: .seconds(20)))
    }

    /// Runs a worker beside `body`.
    nonisolated(nonsending) func withWorker(
        _ writer: (any SectionWriter)? = nil, slots: Int = 4, _ body: nonisolated(nonsending) () async throws -> Void
    ) async throws {
        let logger = Logger(label: "worker") { _ in SwiftLogNoOpLogHandler() }
        var registry = JobRegistry<JobTransaction>()
        registry.register(self.handler(writer))
        registry.register(
            PrewarmLessonsHandler(
                Prewarmer(database: self.database, queue: self.queue, parts: self.parts, bookSlug: nil),
                budget: 1_000_000))
        var configuration = WorkerConfiguration(name: "test", concurrency: ["personalize": slots])
        configuration.pollInterval = .milliseconds(50)
        let worker = Worker(
            store: PostgresJobStore(database: self.database, queue: self.queue, logger: logger), registry: registry,
            configuration: configuration, logger: logger)
        let running = Task { try await worker.run() }
        do {
            try await body()
            running.cancel()
            _ = await running.result
        } catch {
            running.cancel()
            _ = await running.result
            throw error
        }
    }

    func count(_ sql: SQL) async throws -> Int {
        try await self.database.query(sql)[0].decode(0, as: Int.self)
    }
}

/// A bucket with one text, which can be made to fail.
final class ScriptedBodies: LessonBodySource {
    private let text: String
    private let failure = Mutex<JobError?>(nil)
    private let calls = Mutex(0)

    init(_ text: String) {
        self.text = text
    }

    var callCount: Int { self.calls.withLock { $0 } }

    func fail(with error: JobError?) {
        self.failure.withLock { $0 = error }
    }

    func body(objectKey: String, contentHash: String) async throws -> String {
        self.calls.withLock { $0 += 1 }
        if let error = self.failure.withLock({ $0 }) { throw error }
        return self.text
    }
}

extension PersonalizationAnswer {
    var operation: PersonalizationOperation? {
        switch self {
        case .ready: nil
        case .pending(let operation, _, _), .failed(_, let operation, _): operation
        }
    }

    var text: PersonalizedLesson.Text? {
        guard case .ready(let text, _) = self else { return nil }
        return text
    }

    var failure: PersonalizedLesson.Failure? {
        guard case .failed(let failure, _, _) = self else { return nil }
        return failure
    }
}
