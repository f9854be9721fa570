import JobQueuePostgres
import Postgres

/// The keyword tables' SQL for the indexing of lessons. Rows go with their entry.
enum PostingStore {
    /// Writes what keyword search knows of a new entry: two statements, whatever the size of the lesson.
    static func write(_ postings: EntryPostings, entryID: Int64, in transaction: JobTransaction) async throws {
        try await transaction.execute(
            """
            INSERT INTO lectern.entry_text (entry_id, length, lengths, is_frame, anchors)
            VALUES (\(entryID), \(postings.lengths.reduce(0, +))::float8, \(postings.lengths)::float8[],
                    \(postings.isFrame), \(postings.anchors))
            """)
        try await transaction.execute(
            """
            INSERT INTO lectern.posting (term, entry_id, word, chunks, frequencies)
            SELECT term, \(entryID)::int8, word, chunks, frequencies
            FROM jsonb_to_recordset(\(try PostgresJSON(encoding: postings.postings)))
                   AS p (term text, word text, chunks integer[], frequencies real[])
            """)
    }
}
