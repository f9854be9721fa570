import Postgres

extension PublishedBook {
    /// Folds the rows of `contentTree`, which come in reading order. `nil` without rows.
    init?(_ rows: [PostgresRow]) throws {
        guard let first = rows.first else { return nil }
        self.init(
            id: try first.decode("book_id"), slug: try first.decode("book_slug"),
            title: try first.decode("book_title"), language: try first.decode("language"),
            releaseID: try first.decode("active_release"), revision: try first.decode("revision"),
            publishedAt: try first.decode("published_at"), parts: [])
        for row in rows {
            let partNumber: Int = try row.decode("part_number")
            if self.parts.last?.number != partNumber {
                self.parts.append(try PublishedPart(row, number: partNumber, bookSlug: self.slug))
            }
            guard let chapterNumber: Int = try row.decode("chapter_number", as: Int?.self) else { continue }
            let part = self.parts.count - 1
            if self.parts[part].chapters.last?.number != chapterNumber {
                self.parts[part].chapters.append(
                    try PublishedChapter(row, number: chapterNumber, partNumber: partNumber, bookSlug: self.slug))
            }
            guard let lessonID: String = try row.decode("lesson_id", as: String?.self) else { continue }
            if try !row.decode("is_indexed", as: Bool.self) { self.isIndexed = false }
            let chapter = self.parts[part].chapters.count - 1
            self.parts[part].chapters[chapter].lessons.append(
                try PublishedLesson(
                    row, id: lessonID, chapterNumber: chapterNumber, partNumber: partNumber, bookSlug: self.slug))
        }
    }
}

extension PublishedPart {
    init(_ row: PostgresRow, number: Int, bookSlug: String) throws {
        self.init(
            bookSlug: bookSlug, number: number, title: try row.decode("part_title"), layer: try row.decode("layer"),
            tier: try row.decode("tier"), folderName: try row.decode("part_folder"),
            weekStart: try row.decode("week_start"), weekEnd: try row.decode("week_end"), chapters: [])
    }
}

extension PublishedChapter {
    init(_ row: PostgresRow, number: Int, partNumber: Int, bookSlug: String) throws {
        self.init(
            bookSlug: bookSlug, partNumber: partNumber, number: number, localNumber: try row.decode("local_number"),
            title: try row.decode("chapter_title"), folderName: try row.decode("chapter_folder"),
            prerequisites: try row.decode("prerequisites"), transitionCheck: try row.decode("transition_check"),
            lessons: [])
    }
}

extension PublishedLesson {
    init(_ row: PostgresRow, id: String, chapterNumber: Int, partNumber: Int, bookSlug: String) throws {
        self.init(
            id: id, bookSlug: bookSlug, partNumber: partNumber, chapterNumber: chapterNumber,
            number: try row.decode("number"), title: try row.decode("title"), slug: try row.decode("slug"),
            type: try row.decode("type"), contentHash: try row.decode("content_hash"),
            bucketPath: try row.decode("bucket_path"),
            vectorIDs: try row.decode("vector_ids", as: [String]?.self) ?? [],
            sidebarPosition: try row.decode("sidebar_position"),
            estimatedMinutes: try row.decode("estimated_minutes"), goals: try row.decode("goals"),
            sizeBytes: try row.decode("size_bytes"),
            objectKey: try row.decode("object_key"))
    }
}
