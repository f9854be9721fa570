package import Postgres

/// What makes a lesson's entry in the search index current. The fragments expect the rows of one release as `l`
/// (release_lesson), `c` (chapter) and `p` (part).
extension SQL {
    /// What stands around a lesson and goes into its vectors' metadata and embedded text.
    package static var indexLabels: SQL {
        "ARRAY[p.number::text, p.title, c.number::text, c.title, l.title, l.slug, l.type]"
    }

    /// The lesson's entry made by this recipe and with these labels: `i`, at most one row. By its unique index.
    package static func currentIndex(_ recipe: IndexRecipe) -> SQL {
        self.index(collection: "\(recipe.collection)", recipe: "\(recipe.fingerprint)")
    }

    /// The lesson's entry by the rules of its release `r`: `i`, at most one row.
    package static var releaseIndex: SQL { self.index(collection: "r.collection", recipe: "r.recipe") }

    private static func index(collection: SQL, recipe: SQL) -> SQL {
        """
        LATERAL (
          SELECT n.id, n.chunks FROM lectern.lesson_index n
          WHERE n.lesson_id = l.lesson_id AND n.content_hash = l.content_hash
            AND n.collection = \(sql: collection) AND n.recipe = \(sql: recipe)
            AND n.labels = \(sql: .indexLabels)) AS i
        """
    }

    /// The lessons `l` of a release that have no entry by this recipe: what stands behind FROM.
    static func unindexed(release: Int64, recipe: IndexRecipe) -> SQL {
        """
        lectern.release_lesson l
        JOIN lectern.chapter c ON c.release_id = l.release_id AND c.number = l.chapter_number
        JOIN lectern.part p ON p.release_id = l.release_id AND p.number = c.part_number
        LEFT JOIN \(sql: .currentIndex(recipe)) ON true
        WHERE l.release_id = \(release) AND i.id IS NULL
        """
    }

    /// The `object_key` of every text that a release of the book refers to.
    package static func objectKeys(book id: String) -> SQL {
        """
        SELECT DISTINCT l.object_key FROM lectern.release_lesson l JOIN lectern.release r ON r.id = l.release_id
        WHERE r.book_id = \(id)::uuid
        """
    }

    /// A lock on one book's publication, held to the end of the transaction.
    package static func publicationLock(_ function: SQL, book slug: String) -> SQL {
        "SELECT \(sql: function)(hashtextextended('lectern.publish.' || \(slug)::text, 0)) AS locked"
    }
}
