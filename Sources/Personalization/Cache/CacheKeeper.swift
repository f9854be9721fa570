public import Postgres

/// Counts what the cache holds, and clears away what nobody can reach.
public struct CacheKeeper: Sendable {
    private let database: PostgresClient

    /// A keeper over the shared client.
    public init(database: PostgresClient) {
        self.database = database
    }

    /// What the cache holds.
    public struct Statistics: Hashable, Sendable, Encodable {
        /// Rows of learners by state.
        public var ready: Int
        public var pending: Int
        public var failed: Int
        /// Ready rows for which no section had to be written.
        public var shared: Int
        /// Sections that are kept, and the bytes of their texts.
        public var sections: Int
        public var bytes: Int
        /// Sections over all ready rows: what would have been written without sharing.
        public var sectionsServed: Int
        public var promptTokens: Int
        public var completionTokens: Int
        public var costMicros: Int
        /// Thumbs by direction.
        public var thumbsUp: Int
        public var thumbsDown: Int
        /// Sections by who wrote them.
        public var generators: [String: Int]

        enum CodingKeys: String, CodingKey {
            case ready, pending, failed, shared, sections, bytes, generators
            case sectionsServed = "sections_served"
            case promptTokens = "prompt_tokens"
            case completionTokens = "completion_tokens"
            case costMicros = "cost_micros"
            case thumbsUp = "thumbs_up"
            case thumbsDown = "thumbs_down"
        }
    }

    /// Counts everything, in one statement but for the generators.
    public func statistics() async throws -> Statistics {
        let row = try await self.database.query(
            """
            SELECT c.*, g.*, f.* FROM (
                SELECT count(*) FILTER (WHERE state = 'ready') AS ready,
                    count(*) FILTER (WHERE state = 'pending') AS pending,
                    count(*) FILTER (WHERE state = 'failed') AS failed,
                    count(*) FILTER (WHERE is_shared) AS shared,
                    coalesce(sum(cardinality(sections)), 0)::int8 AS served
                FROM lectern.personalized_lesson
            ) c, (
                SELECT count(*) AS sections, coalesce(sum(octet_length(content)), 0)::int8 AS bytes,
                    coalesce(sum(prompt_tokens), 0)::int8 AS prompt_tokens,
                    coalesce(sum(completion_tokens), 0)::int8 AS completion_tokens,
                    coalesce(sum(cost_micros), 0)::int8 AS cost_micros
                FROM lectern.generation
            ) g, (
                SELECT count(*) FILTER (WHERE rating = 'up') AS up, count(*) FILTER (WHERE rating = 'down') AS down
                FROM lectern.feedback
            ) f
            """)[0]
        let generators = try await self.database.query(
            "SELECT generator, count(*) AS sections FROM lectern.generation GROUP BY generator")
        return Statistics(
            ready: try row.decode("ready"), pending: try row.decode("pending"), failed: try row.decode("failed"),
            shared: try row.decode("shared"), sections: try row.decode("sections"), bytes: try row.decode("bytes"),
            sectionsServed: try row.decode("served"), promptTokens: try row.decode("prompt_tokens"),
            completionTokens: try row.decode("completion_tokens"), costMicros: try row.decode("cost_micros"),
            thumbsUp: try row.decode("up"), thumbsDown: try row.decode("down"),
            generators: try generators.reduce(into: [:]) {
                $0[try $1.decode("generator", as: String.self)] = try $1.decode("sections", as: Int.self)
            })
    }

    /// What a purge takes away.
    public struct Purge: Hashable, Sendable, Encodable {
        /// Rows of learners.
        public var rows: Int
        public var sections: Int
    }

    /// Takes away every text of a lesson, or of all lessons: what is asked for next is written anew.
    /// - Parameters:
    ///   - slug: `nil` for all lessons.
    ///   - isDry: only counts.
    public func purge(lesson slug: String?, isDry: Bool) async throws -> Purge {
        let condition: SQL = "(\(slug as String?)::text IS NULL OR lesson_slug = \(slug as String?))"
        guard !isDry else {
            let row = try await self.database.query(
                """
                SELECT (SELECT count(*) FROM lectern.personalized_lesson WHERE \(sql: condition)) AS rows,
                    (SELECT count(*) FROM lectern.generation WHERE \(sql: condition)) AS sections
                """)[0]
            return Purge(rows: try row.decode("rows"), sections: try row.decode("sections"))
        }
        return try await self.database.withTransaction { transaction in
            // Rows under way stay: whoever waits for them gets a text written after this.
            let rows = try await transaction.execute(
                "DELETE FROM lectern.personalized_lesson WHERE state <> 'pending' AND \(sql: condition)")
            try await transaction.execute("DELETE FROM lectern.stand_in WHERE \(sql: condition)")
            let sections = try await transaction.execute("DELETE FROM lectern.generation WHERE \(sql: condition)")
            return Purge(rows: rows, sections: sections)
        }
    }

    /// What a collection took away.
    public struct Collection: Hashable, Sendable, Encodable {
        /// Rows whose text no release holds any more, or whose means of writing are gone for long.
        public var rows: Int
        /// Sections that no row points to and nobody used for long.
        public var sections: Int
        /// Traces of jobs and operations that are over.
        public var traces: Int
    }

    /// Sections that nobody used for so long, and that no row points to, go.
    static let unusedDays = 30
    /// Rows that one statement takes.
    static let portion = 5_000

    /// Clears away what nobody can reach, in portions.
    public func collect() async throws -> Collection {
        Collection(
            rows: try await self.all(
                """
                DELETE FROM lectern.personalized_lesson p WHERE p.ctid = ANY (ARRAY(
                    SELECT c.ctid FROM lectern.personalized_lesson c
                    WHERE c.created_at < now() - interval '1 day' AND NOT EXISTS (
                        SELECT FROM lectern.release_lesson l
                        WHERE l.slug = c.lesson_slug AND l.content_hash = c.content_hash)
                    LIMIT \(Self.portion)))
                """),
            sections: try await self.all(
                """
                WITH named AS (
                    SELECT DISTINCT unnest(sections) AS key FROM lectern.personalized_lesson
                )
                DELETE FROM lectern.generation g WHERE g.key IN (
                    SELECT s.key FROM lectern.generation s LEFT JOIN named n ON n.key = s.key
                    WHERE s.last_used_at < now() - make_interval(days => \(Self.unusedDays)::int) AND n.key IS NULL
                    LIMIT \(Self.portion)) AND g.last_used_at < now() - make_interval(days => \(Self.unusedDays)::int)
                """),
            traces: try await self.all(
                """
                DELETE FROM lectern.lesson_run WHERE job_id IN (
                    SELECT job_id FROM lectern.lesson_run WHERE created_at < now() - interval '2 days'
                    LIMIT \(Self.portion))
                """)
                + self.all(
                    """
                    DELETE FROM lectern.operation WHERE id IN (
                        SELECT id FROM lectern.operation o WHERE o.created_at < now() - interval '2 days'
                          AND NOT EXISTS (
                            SELECT FROM lectern.personalized_lesson p
                            WHERE p.operation_id = o.id AND p.state = 'pending')
                        LIMIT \(Self.portion))
                    """)
                + self.all(
                    """
                    DELETE FROM lectern.stand_in WHERE key IN (
                        SELECT key FROM lectern.stand_in WHERE until < now() LIMIT \(Self.portion))
                    """)
                + self.all(
                    """
                    DELETE FROM lectern.generation_claim WHERE key IN (
                        SELECT key FROM lectern.generation_claim WHERE claimed_at < now() - interval '1 day'
                        LIMIT \(Self.portion))
                    """))
    }

    private func all(_ statement: SQL) async throws -> Int {
        var sum = 0
        while true {
            try Task.checkCancellation()
            let gone = try await self.database.execute(statement, timeout: .seconds(120))
            sum += gone
            if gone < Self.portion { return sum }
        }
    }
}
