import ContentTesting
import Foundation
import JobQueue
import JobQueuePostgres
import PipelineJobs
import Postgres
import TextbookSync

@testable import SemanticIndex

/// A published book, and everything that brings it into the index.
struct StoreBench: Sendable {
    let content: ContentBench
    let model = CountingModel()
    let vectors = MemoryVectors()
    let bodies: LessonBodies
    let recipe: IndexRecipe

    init(content: ContentBench) {
        var content = content
        self.recipe = IndexRecipe(model: self.model.name, dimension: self.model.dimension, chunking: "1")
        content.recipe = self.recipe
        self.content = content
        self.bodies = LessonBodies(bucket: content.memory.bucket)
    }

    var handler: EmbedLessonHandler {
        EmbedLessonHandler(
            database: self.content.database, bodies: self.bodies, model: self.model, vectors: self.vectors.index,
            recipe: self.recipe)
    }
    var search: SearchService { self.search() }

    func search(
        _ configuration: SearchService.Configuration = .init(), clock: any Clock<Duration> = ContinuousClock(),
        recipe: IndexRecipe? = nil
    ) -> SearchService {
        SearchService(
            database: self.content.database, model: self.model, vectors: self.vectors.index,
            recipe: recipe ?? self.recipe, configuration: configuration, clock: clock)
    }
    var audit: ContentAudit {
        ContentAudit(
            database: self.content.database, bucket: self.content.memory.bucket, vectors: self.vectors.index,
            recipe: self.recipe)
    }

    static func with<T: Sendable>(_ body: (StoreBench) async throws -> T) async throws -> T {
        try await ContentBench.with { try await body(StoreBench(content: $0)) }
    }

    /// Publishes a book with everything that belongs to it.
    func publish(_ fixture: BookFixture) async throws {
        var content = self.content
        content.indexing = { job in try await self.handler.perform(job, context: ContentBench.context()) }
        try await fixture.onDisk { _ = try await content.run($0) }
    }

    /// Publishes a book, and loses the entries of the lessons that are new.
    func publishUnindexed(_ fixture: BookFixture) async throws {
        try await fixture.onDisk { _ = try await self.content.run($0) }
        try await self.content.database.execute("DELETE FROM lectern.lesson_index WHERE chunks = 0")
    }

    /// A job's result as its readers see it.
    struct Report: Decodable, Hashable {
        var outcome: String
        var chunks: Int
        var embedded: Int
    }

    /// One run, ended as a worker ends it.
    @discardableResult
    func embed(_ job: EmbedLesson) async throws -> Report {
        let outcome = try await self.handler.perform(job, context: ContentBench.context())
        if let commit = outcome.commit {
            try await self.content.queue.withTransaction { try await commit($0) }
        }
        return try JSONDecoder().decode(Report.self, from: Data((outcome.result ?? "").utf8))
    }

    func job(_ slug: String) async throws -> EmbedLesson {
        let book = try await self.content.catalog.book()
        let lesson = try await self.content.catalog.lesson(slug)
        return EmbedLesson(lessonID: lesson.id, contentHash: lesson.contentHash, releaseID: book.releaseID)
    }

    /// Indexes every lesson that readers see.
    func embedAll() async throws {
        for lesson in try await self.content.catalog.lessons() { try await self.embed(try await self.job(lesson.slug)) }
    }
}

extension BookFixture {
    /// A book whose lessons speak of things that can be told apart.
    static func topics() -> BookFixture {
        var fixture = BookFixture(chapters: 2, lessons: 1)
        fixture.write(
            "a", chapter: 1, number: 1,
            text: "A lidar measures distance with laser pulses. The laser scanner turns ten times a second.")
        fixture.write(
            "b", chapter: 1, number: 2,
            text: "An electric motor turns current into torque. Gear boxes multiply the torque of a motor.")
        fixture.write(
            "a", chapter: 2, number: 1,
            text: "Batteries store energy. A lithium battery of a humanoid lasts about two hours.")
        return fixture
    }
}
