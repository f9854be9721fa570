import FoundationEssentials
import JobQueue
import Postgres

/// The only SQL on the sections that were written, on who writes one just now, and on how far jobs came.
struct GenerationStore: Sendable {
    let database: PostgresClient

    /// A section as it was written, without its text.
    struct Entry: Hashable, Sendable {
        /// Under which it is kept: that of a stand-in where no model wrote it.
        var key: GenerationKey
        var generator: String
    }

    /// Which of the keys are written, or stood in for at present. Marks them as used, at most once a day.
    func entries(_ keys: [GenerationKey]) async throws -> [GenerationKey: Entry] {
        let rows = try await self.database.query(
            """
            WITH used AS (
                UPDATE lectern.generation SET last_used_at = now()
                WHERE key IN (
                    SELECT key FROM lectern.generation
                    WHERE key = ANY (\(keys.map(\.hex))) AND last_used_at < now() - interval '1 day'
                    FOR NO KEY UPDATE SKIP LOCKED)
            )
            SELECT key, key AS kept_as, generator FROM lectern.generation WHERE key = ANY (\(keys.map(\.hex)))
            UNION ALL
            SELECT s.key, s.kept_as, g.generator FROM lectern.stand_in s JOIN lectern.generation g ON g.key = s.kept_as
            WHERE s.key = ANY (\(keys.map(\.hex))) AND s.until > now()
              AND NOT EXISTS (SELECT FROM lectern.generation w WHERE w.key = s.key)
            """)
        return try rows.reduce(into: [:]) { found, row in
            found[GenerationKey(hex: try row.decode("key"))] = Entry(
                key: GenerationKey(hex: try row.decode("kept_as")), generator: try row.decode("generator"))
        }
    }

    /// The texts of the keys.
    /// - Returns: `nil` when one of them is gone.
    func texts(_ keys: [GenerationKey], in session: some PostgresSession) async throws -> [String]? {
        let rows = try await session.query(
            "SELECT key, content FROM lectern.generation WHERE key = ANY (\(keys.map(\.hex)))")
        let texts = try rows.reduce(into: [String: String]()) { texts, row in
            texts[try row.decode("key")] = try row.decode("content", as: String.self)
        }
        let ordered = keys.compactMap { texts[$0.hex] }
        return ordered.count == keys.count ? ordered : nil
    }

    /// Whether all of the keys are still kept: what is kept under a key never changes.
    func hold(_ keys: [GenerationKey], in session: some PostgresSession) async throws -> Bool {
        let row = try await session.queryOne(
            "SELECT count(*) AS kept FROM lectern.generation WHERE key = ANY (\(keys.map(\.hex)))")
        return try row?.decode("kept", as: Int.self) == Set(keys).count
    }

    /// Claims the keys that nobody has written and nobody writes.
    /// - Returns: the keys that this run is to write.
    func claim(_ keys: [GenerationKey], run: Run) async throws -> Set<GenerationKey> {
        let rows = try await self.database.query(
            """
            SELECT lectern.claim_generations(\(keys.map(\.hex)), \(run.jobID.rawValue), \(Int16(clamping: run.attempt)))
                AS key
            """)
        return try Set(rows.map { GenerationKey(hex: try $0.decode("key")) })
    }

    /// Gives back what a run claimed.
    func release(_ keys: some Sequence<GenerationKey>, of run: Run) async throws {
        _ = try await self.database.execute(
            """
            DELETE FROM lectern.generation_claim WHERE key = ANY (\(keys.map(\.hex)))
              AND job_id = \(run.jobID.rawValue) AND attempt = \(Int16(clamping: run.attempt))
            """)
    }

    /// One run of a job.
    struct Run: Sendable {
        var jobID: JobID
        var attempt: Int
    }

    /// What a section was written from and for.
    struct Origin: Sendable {
        var lessonSlug: String
        var section: SectionSource
        var slice: SectionSlice
        /// The fingerprint of the recipe.
        var recipe: String
    }

    /// Keeps a section, whoever wrote it first, gives up the claim on `claimed` and notes the section in its run: from
    /// here on nobody pays for it again.
    /// - Parameter standsIn: how long a text under another key than the claimed one stands in for it.
    func store(
        _ written: WrittenSection, as key: GenerationKey, claimed: GenerationKey, standsIn: Duration, origin: Origin,
        run: Run
    ) async throws {
        _ = try await self.database.execute(
            """
            WITH kept AS (
                INSERT INTO lectern.generation (key, lesson_slug, ordinal, heading, slice, recipe, content, generator,
                    soft_failures, attempts, prompt_tokens, completion_tokens, cost_micros)
                VALUES (\(key.hex), \(origin.lessonSlug), \(origin.section.ordinal),
                    \(origin.section.heading as String?), \(origin.slice.description), \(origin.recipe),
                    \(written.text), \(written.generator), \(written.softFailures), \(written.attempts),
                    \(Int64(written.promptTokens)), \(Int64(written.completionTokens)), \(written.costMicros))
                ON CONFLICT (key) DO NOTHING
            ), standing AS (
                INSERT INTO lectern.stand_in (key, kept_as, lesson_slug, reason, until)
                SELECT \(claimed.hex), \(key.hex), \(origin.lessonSlug), \(written.fallbackReason ?? "unavailable"),
                    now() + \(standsIn.components.seconds) * interval '1 second'
                WHERE \(key != claimed)
                ON CONFLICT (key) DO UPDATE
                SET kept_as = excluded.kept_as, reason = excluded.reason, until = excluded.until
            ), freed AS (
                DELETE FROM lectern.generation_claim WHERE key = \(claimed.hex) AND job_id = \(run.jobID.rawValue)
            )
            INSERT INTO lectern.lesson_run_section (job_id, ordinal, key)
            SELECT job_id, \(origin.section.ordinal), \(key.hex) FROM lectern.lesson_run
            WHERE job_id = \(run.jobID.rawValue)
            ON CONFLICT (job_id, ordinal) DO NOTHING
            """)
    }

    /// Opens the book of a job's progress.
    func begin(_ jobID: JobID, sections: Int) async throws {
        _ = try await self.database.execute(
            """
            INSERT INTO lectern.lesson_run (job_id, sections) VALUES (\(jobID.rawValue), \(sections))
            ON CONFLICT (job_id) DO NOTHING
            """)
    }

    /// Notes sections that a job found written.
    func note(_ found: [(ordinal: Int, key: GenerationKey)], jobID: JobID) async throws {
        guard !found.isEmpty else { return }
        _ = try await self.database.execute(
            """
            INSERT INTO lectern.lesson_run_section (job_id, ordinal, key)
            SELECT \(jobID.rawValue), n.ordinal, n.key
            FROM unnest(\(found.map(\.ordinal))::int[], \(found.map(\.key.hex))) AS n (ordinal, key)
            WHERE EXISTS (SELECT FROM lectern.lesson_run WHERE job_id = \(jobID.rawValue))
            ORDER BY n.ordinal
            ON CONFLICT (job_id, ordinal) DO NOTHING
            """)
    }

    /// How far a job came: the number of its sections and the ordinals of those that are there.
    func progress(of jobID: JobID) async throws -> (sections: Int, finished: Set<Int>)? {
        let row = try await self.database.queryOne(
            """
            SELECT r.sections, ARRAY(
                SELECT s.ordinal FROM lectern.lesson_run_section s WHERE s.job_id = r.job_id ORDER BY s.ordinal
            )::int[] AS finished
            FROM lectern.lesson_run r WHERE r.job_id = \(jobID.rawValue)
            """)
        return try row.map { (try $0.decode("sections"), Set(try $0.decode("finished", as: [Int].self))) }
    }

    /// The sections of a job that are there and not known yet, in the order in which they came.
    func sections(of jobID: JobID, without known: Set<Int>) async throws -> [OperationProgress.Section] {
        try await self.database.query(
            """
            SELECT s.ordinal, g.heading, g.content, g.generator
            FROM lectern.lesson_run_section s JOIN lectern.generation g ON g.key = s.key
            WHERE s.job_id = \(jobID.rawValue) AND NOT (s.ordinal = ANY (\(known.sorted())::int[])) ORDER BY s.place
            """
        ).map {
            OperationProgress.Section(
                ordinal: try $0.decode("ordinal"), heading: try $0.decode("heading", as: String?.self),
                content: try $0.decode("content"), generator: try $0.decode("generator"))
        }
    }
}
