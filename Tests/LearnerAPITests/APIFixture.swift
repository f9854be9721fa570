import ContentHashing
import FoundationEssentials
import Hummingbird
import JobQueuePostgres
import LanguageModels
import Learners
import LearningPaths
import Logging
import Personalization
import Postgres
import PostgresTesting
import Schema
import SemanticIndex
import Synchronization
import TextbookSync

@testable import LearnerAPI

/// A migrated database with a small published book, and an API over it.
struct APIFixture: Sendable {
    static let text = "---\ntitle: One\n---\n\n# One\n\nThe first lesson, with *marks* and an é.\n"
    static let hash = ContentHash(of: text).hex
    static let slug = "ch01-one"
    static let slashedSlug = "01-what-is/embodiment"
    static let vectorID = "6f8b3e0e-2f35-4b52-9f5e-0b9c2f1f0a01"

    let database: PostgresClient
    let bucket: Bucket
    let vectors: Vectors

    var catalog: ContentCatalog { ContentCatalog(database: self.database) }
    var bodies: LessonBodies { LessonBodies(bucket: self.bucket.lessonBucket) }

    /// Runs `body` with the API on a socket.
    static func run<T: Sendable>(
        boundary: RequestBoundary<BasicRequestContext> = RequestBoundary(),
        configure: (inout PostgresConfiguration) -> Void = { _ in },
        adjust: (inout LearnerAPI.Dependencies, PostgresJobQueue) -> Void = { _, _ in },
        routes: @escaping @Sendable (APIFixture, Router<BasicRequestContext>) -> Void = { _, _ in },
        _ body: @Sendable @escaping (APIFixture, APIServer) async throws -> T
    ) async throws -> T {
        try await withTestDatabase { url in
            var configuration = PostgresConfiguration(url: url)
            configure(&configuration)
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let database = PostgresClient(configuration: configuration, logger: logger)
            do {
                try await Migrator(database: database, migrations: Migration.bundled(), logger: logger).up()
                let fixture = APIFixture(database: database, bucket: Bucket(), vectors: Vectors())
                try await fixture.publish()
                var dependencies = try fixture.dependencies(logger)
                dependencies.requestKeys = RequestKeyStore(database: database)
                adjust(&dependencies, PostgresJobQueue(database: database, logger: logger))
                let api = try LearnerAPI(dependencies)
                let value = try await APIServer.with(api, boundary: boundary, routes: { routes(fixture, $0) }) {
                    server in
                    try await body(fixture, server)
                }
                await database.close()
                return value
            } catch {
                await database.close()
                throw error
            }
        }
    }

    /// An API whose database does not exist.
    static func withoutDatabase<T: Sendable>(
        boundary: RequestBoundary<BasicRequestContext> = RequestBoundary(),
        routes: @escaping @Sendable (APIFixture, Router<BasicRequestContext>) -> Void = { _, _ in },
        _ body: @Sendable @escaping (APIServer) async throws -> T
    ) async throws -> T {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        // Port 1 of the loopback address: nothing listens there.
        let database = PostgresClient(
            configuration: PostgresConfiguration(url: "postgresql://lectern@127.0.0.1:1/none"), logger: logger)
        let fixture = APIFixture(database: database, bucket: Bucket(), vectors: Vectors())
        let value = try await APIServer.with(
            try LearnerAPI(try fixture.dependencies(logger)), boundary: boundary, routes: { routes(fixture, $0) }, body)
        await database.close()
        return value
    }

    func dependencies(_ logger: Logger) throws -> LearnerAPI.Dependencies {
        let model = ConstantModel()
        let parts = try PersonalizationParts(bodies: self.bodies, model: nil)
        return LearnerAPI.Dependencies(
            learners: LearnerStore(database: self.database),
            progress: try ProgressStore(database: self.database), reasonTexts: try .bundled(), catalog: self.catalog,
            bodies: self.bodies,
            personalization: PersonalizationService(
                database: self.database, queue: PostgresJobQueue(database: self.database, logger: logger),
                parts: parts),
            search: SearchService(
                database: self.database, model: model, vectors: self.vectors.index, recipe: Self.recipe))
    }

    private static let recipe = IndexRecipe(model: "constant", dimension: 2, chunking: "test")

    private func publish() async throws {
        try await self.database.withTransaction { transaction in
            let statements: [SQL] = [
                "INSERT INTO lectern.book (slug, title, language) VALUES ('test', 'A Test Book', 'en')",
                """
                INSERT INTO lectern.release (book_id, manifest_hash, state, published_at)
                SELECT id, 'm', 'published', now() FROM lectern.book
                """,
                "UPDATE lectern.book SET active_release = (SELECT id FROM lectern.release)",
                """
                INSERT INTO lectern.part (release_id, number, title, layer, tier, folder_name, week_start, week_end)
                SELECT id, 1, 'First <Part>', 'L1', 'A2', '01-First', 1, 2 FROM lectern.release
                """,
                """
                INSERT INTO lectern.chapter (release_id, number, part_number, local_number, title, folder_name)
                SELECT id, 1, 1, 1, 'First Chapter', '01-first' FROM lectern.release
                """,
            ]
            for statement in statements { try await transaction.execute(statement) }
            for (position, slug) in [Self.slug, Self.slashedSlug].enumerated() {
                try await transaction.execute(
                    """
                    WITH lesson AS (
                      INSERT INTO lectern.lesson (book_id, slug) SELECT id, \(slug) FROM lectern.book RETURNING id
                    )
                    INSERT INTO lectern.release_lesson (release_id, lesson_id, position, chapter_number, number, title,
                        slug, type, content_hash, object_key, bucket_path, sidebar_position, estimated_minutes,
                        size_bytes, source_path)
                    SELECT r.id, l.id, \(position), 1, \(position + 1), 'One', \(slug), 'lesson', \(Self.hash),
                           'blobs/one', 'books/test/one.md', \(position + 1), 5, \(Self.text.utf8.count), 'one.md'
                    FROM lectern.release r, lesson l
                    """)
            }
            try await transaction.execute(
                """
                INSERT INTO lectern.lesson_index (lesson_id, content_hash, collection, recipe, labels, chunks)
                SELECT l.lesson_id, l.content_hash, \(Self.recipe.collection), \(Self.recipe.fingerprint),
                       \(sql: .indexLabels), 1
                FROM lectern.release_lesson l
                JOIN lectern.chapter c ON c.release_id = l.release_id AND c.number = l.chapter_number
                JOIN lectern.part p ON p.release_id = l.release_id AND p.number = c.part_number
                WHERE l.slug = \(Self.slug)
                """)
            try await transaction.execute(
                """
                INSERT INTO lectern.chunk (entry_id, chunk_index, section_title, heading_path, role, body, tokens,
                    embed_hash, vector_id)
                SELECT id, 0, 'One', '{One}', 'content', 'The first lesson', 3, 'e', \(Self.vectorID)::text::uuid
                FROM lectern.lesson_index
                """)
            try await transaction.execute(
                """
                INSERT INTO lectern.entry_text (entry_id, length, lengths, is_frame, anchors)
                SELECT id, 2, '{2}', '{false}', '{one}' FROM lectern.lesson_index
                """)
            try await transaction.execute(
                """
                INSERT INTO lectern.posting (term, entry_id, word, chunks, frequencies)
                SELECT term, id, term, '{0}', '{1}' FROM lectern.lesson_index, unnest('{first,lesson}'::text[]) AS t (term)
                """)
        }
    }

    /// Does what a worker does once it has a text.
    func finishPersonalizations(state: String = "ready") async throws -> Int {
        state == "ready"
            ? try await self.database.execute(
                """
                WITH written AS (
                    INSERT INTO lectern.generation (key, lesson_slug, ordinal, slice, recipe, content, generator,
                        attempts, prompt_tokens, completion_tokens, cost_micros)
                    VALUES (repeat('a', 64), 'one', 0, 'language=en', 'test', 'Written for you.', 'embedded/test', 0, 0,
                        0, 0)
                    ON CONFLICT DO NOTHING
                )
                UPDATE lectern.personalized_lesson SET state = 'ready', sections = ARRAY[repeat('a', 64)],
                    opening = 'Hello.', closing = 'Bye.', text_hash = md5('x'), generator = 'embedded/test',
                    generated_at = now() WHERE state = 'pending'
                """)
            : try await self.database.execute(
                """
                UPDATE lectern.personalized_lesson SET state = 'failed', error_code = 'model_unreachable',
                    error_message = 'The model does not answer.', retryable = true WHERE state = 'pending'
                """)
    }

    static let answers = """
        "education_level":"graduate","programming_experience":"advanced","robotics_background":true,\
        "ai_ml_experience":"basic","learning_goals":["research","hobby"]
        """

    /// A learner who has answered the questions.
    func learner(_ server: APIServer, onboarded: Bool = true) async throws -> String {
        let created = try await server.send("POST", "/api/user/create", json: "{}")
        let id = created["id"]?.text ?? ""
        if onboarded {
            _ = try await server.send("POST", "/api/onboarding", json: #"{"user_id":"\#(id)",\#(Self.answers)}"#)
        }
        return id
    }
}

/// A storage server that can be broken and held up.
final class Bucket: Sendable {
    enum Mode: Sendable {
        case working, away
        /// Answers once the stream ends.
        case held(AsyncStream<Void>)
    }

    let mode = Mutex(Mode.working)
    let reads = Mutex(0)

    var lessonBucket: LessonBucket {
        LessonBucket(
            put: { _, body in BlobInfo(size: body.count, sha256: nil) },
            get: { _ in
                self.reads.withLock { $0 += 1 }
                switch self.mode.withLock({ $0 }) {
                case .working: break
                case .away: throw Away()
                case .held(let stream): for await _ in stream {}
                }
                return Array(APIFixture.text.utf8)
            },
            head: { _ in nil }, delete: { _ in })
    }
}

/// A vector server with one vector.
final class Vectors: Sendable {
    let isAway = Mutex(false)

    var index: VectorIndex {
        VectorIndex(
            prepare: { _ in }, upsert: { _ in },
            search: { _, _, _, _ in
                if self.isAway.withLock({ $0 }) { throw Away() }
                return [VectorHit(id: APIFixture.vectorID, score: 0.9)]
            }, count: { _ in 1 })
    }
}

/// Stands for any failure to reach a server. Its text must never reach a caller.
struct Away: Error, CustomStringConvertible {
    let description = "secret-host:9999 refused"
}

private struct ConstantModel: EmbeddingModel {
    let name = "constant"
    let dimension = 2
    func embed(_ texts: [String]) async throws -> [[Float]] { texts.map { _ in [1, 0] } }
}
