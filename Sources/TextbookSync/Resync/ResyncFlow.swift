import JobQueue
import JobQueuePostgres
import PipelineJobs
import Postgres

/// The steps of a resync after its plan, each begun in the transaction that ends the one before.
///
/// storing: one job per text that the bucket lacks. indexing: one job per lesson without an entry. publishing: one row
/// is changed. aliasing: the readable names follow. A step without work is passed over at once.
struct ResyncFlow: Sendable {
    let recipe: IndexRecipe

    /// A resync as its steps see it.
    struct Standing: Sendable {
        var id: Int64
        var release: Int64
        var book: String
        /// `staging` until it is shown; `published` where the resync only puts back what was lost.
        var releaseState: String
        var batch: Int64?
    }

    /// How long texts and vectors of a release that readers no longer see are kept at least.
    static let grace: Duration = .seconds(3_600)
    /// Names in an error message.
    private static let named = 10

    /// Locks the resync's row; `nil` when it has ended.
    static func standing(_ id: Int64, in transaction: JobTransaction) async throws -> Standing? {
        let row = try await transaction.queryOne(
            """
            SELECT s.release_id, s.batch_id, r.state, b.slug
            FROM lectern.resync s JOIN lectern.release r ON r.id = s.release_id JOIN lectern.book b ON b.id = r.book_id
            WHERE s.job_id = \(id) AND s.ended_at IS NULL FOR UPDATE OF s
            """)
        guard let row else { return nil }
        return Standing(
            id: id, release: try row.decode("release_id"), book: try row.decode("slug"),
            releaseState: try row.decode("state"), batch: try row.decode("batch_id"))
    }

    /// Begins the storing, or what comes after it.
    func store(_ objects: [StoreObject], _ standing: Standing, in transaction: JobTransaction) async throws {
        guard !objects.isEmpty else { return try await self.index(standing, in: transaction) }
        try await self.begin("storing", objects, standing, in: transaction)
    }

    /// Begins the indexing, or what comes after it.
    func index(_ standing: Standing, in transaction: JobTransaction) async throws {
        let lessons = try await self.unindexed(standing.release, in: transaction)
        guard !lessons.isEmpty else { return try await self.publish(standing, in: transaction) }
        try await self.begin("indexing", lessons, standing, in: transaction)
    }

    /// Shows the release to readers and has the readable names follow.
    func publish(_ standing: Standing, in transaction: JobTransaction) async throws {
        if standing.releaseState == "staging" {
            do {
                try await ReleaseStore.publish(standing.release, in: transaction)
            } catch is BasisMoved {
                return try await Self.fail(
                    standing, "release_moved",
                    "another release was shown to readers while this one was staged: run the resync again",
                    in: transaction)
            }
            try await transaction.enqueue(CollectContent(), options: EnqueueOptions(delay: Self.grace, actor: "resync"))
            try await transaction.enqueue(
                PrewarmLessons(book: standing.book, releaseID: standing.release),
                options: EnqueueOptions(actor: "resync"))
        }
        try await transaction.execute(
            "UPDATE lectern.resync SET state = 'aliasing', batch_id = NULL WHERE job_id = \(standing.id)")
        try await transaction.enqueue(
            PlaceAliases(book: standing.book, releaseID: standing.release), options: EnqueueOptions(actor: "resync"))
    }

    /// Ends the resync with what was wrong. Readers keep what they have.
    static func fail(
        _ standing: Standing, _ code: String, _ message: String, in transaction: JobTransaction
    ) async throws {
        try await transaction.execute(
            """
            UPDATE lectern.release SET state = 'failed', ended_at = now(), error_code = \(code), error_message = \(message)
            WHERE id = \(standing.release) AND state = 'staging'
            """)
        try await transaction.execute(
            """
            UPDATE lectern.resync SET state = 'failed', ended_at = now(), error_code = \(code), error_message = \(message)
            WHERE job_id = \(standing.id)
            """)
    }

    /// What became of the jobs of the step that is over: a message where one of them did not succeed.
    func trouble(_ standing: Standing, in transaction: JobTransaction) async throws -> String? {
        guard let batch = standing.batch else { return nil }
        let counts = try await transaction.queryOne(
            "SELECT total, dead, cancelled FROM lectern.batch WHERE id = \(batch)")
        let dead: Int = try counts?.decode("dead") ?? 0
        let cancelled: Int = try counts?.decode("cancelled") ?? 0
        guard dead + cancelled > 0 else { return nil }
        let rows = try await transaction.query(
            """
            SELECT coalesce(d.args->>'file', l.source_path, d.kind) AS what, d.code, d.message
            FROM lectern.dead d
            LEFT JOIN lectern.release_lesson l ON l.release_id = \(standing.release)
                                              AND l.lesson_id::text = d.args->>'lesson_id'
            WHERE d.batch_id = \(batch) ORDER BY 1 LIMIT \(Self.named)
            """)
        var message =
            "\(dead + cancelled) of \(try counts?.decode("total", as: Int.self) ?? 0) files did not get through"
        for row in rows {
            let reason = try row.decode("message", as: String?.self) ?? ""
            message +=
                "\n\(try row.decode("what", as: String.self)): \(try row.decode("code", as: String.self)): \(reason.prefix(200))"
        }
        if cancelled > 0 { message += "\n\(cancelled) were cancelled" }
        return message
    }

    private func begin(
        _ step: String, _ jobs: [some JobArguments], _ standing: Standing, in transaction: JobTransaction
    ) async throws {
        let batch = try await JobBatches.open(
            "resync \(standing.id) \(step)", completion: AdvanceResync(resync: standing.id, step: step),
            options: EnqueueOptions(actor: "resync"), in: transaction)
        var options = EnqueueOptions(actor: "resync")
        options.batch = batch
        try await transaction.enqueue(all: jobs, options: options)
        try await JobBatches.seal(batch, in: transaction)
        try await transaction.execute(
            """
            UPDATE lectern.resync SET state = \(step), batch_id = \(batch.rawValue) WHERE job_id = \(standing.id)
            """)
    }

    /// The lessons of the release without an entry by its rules.
    private func unindexed(_ release: Int64, in transaction: JobTransaction) async throws -> [EmbedLesson] {
        let rows = try await transaction.query(
            """
            SELECT l.lesson_id, l.content_hash FROM \(sql: .unindexed(release: release, recipe: self.recipe))
            ORDER BY l.position
            """)
        return try rows.map {
            EmbedLesson(
                lessonID: try $0.decode("lesson_id"), contentHash: try $0.decode("content_hash"), releaseID: release)
        }
    }
}
