package import Postgres

/// What makes a lesson's entry in the search index current. The fragments expect the rows of one release as `l`
/// (release_lesson), `c` (chapter) and `p` (part).
extension SQL {
    /// What stands around a lesson and goes into its vectors' metadata and embedded text.
    package static var indexLabels: SQL {
        "ARRAY[p.number::text, p.title, c.number::text, c.title, l.title, l.slug, l.type]"
    }

    /// The lesson's entry made by this recipe and with today's labels: `i`, at most one row. By its unique index.
    package static func currentIndex(_ recipe: IndexRecipe) -> SQL {
        """
        LATERAL (
          SELECT n.id, n.chunks FROM lectern.lesson_index n
          WHERE n.lesson_id = l.lesson_id AND n.content_hash = l.content_hash
            AND n.collection = \(recipe.collection) AND n.recipe = \(recipe.fingerprint)
            AND n.labels = \(sql: .indexLabels)) AS i
        """
    }

    /// A lock on one book's publication, held to the end of the transaction.
    package static func publicationLock(_ function: SQL, book slug: String) -> SQL {
        "SELECT \(sql: function)(hashtextextended('lectern.publish.' || \(slug)::text, 0)) AS locked"
    }
}
