import ContentHashing
import Textbook

/// A part as the statements of ``ReleaseStore`` read it: members named like columns.
struct PartRow: Encodable {
    let part: Part

    static func rows(of book: Book) -> [PartRow] { book.parts.map(PartRow.init) }

    private enum Column: String, CodingKey {
        case number, title, layer, tier, folder_name, week_start, week_end
    }

    func encode(to encoder: any Encoder) throws {
        var row = encoder.container(keyedBy: Column.self)
        try row.encode(self.part.number, forKey: .number)
        try row.encode(self.part.title, forKey: .title)
        try row.encode(self.part.layer.description, forKey: .layer)
        try row.encode(self.part.tier.rawValue, forKey: .tier)
        try row.encode(self.part.folderName, forKey: .folder_name)
        try row.encodeIfPresent(self.part.weekStart, forKey: .week_start)
        try row.encodeIfPresent(self.part.weekEnd, forKey: .week_end)
    }
}

/// A chapter and the part it stands in.
struct ChapterRow: Encodable {
    let chapter: Chapter
    let partNumber: Int

    static func rows(of book: Book) -> [ChapterRow] {
        book.parts.flatMap { part in part.chapters.map { ChapterRow(chapter: $0, partNumber: part.number) } }
    }

    private enum Column: String, CodingKey {
        case number, part_number, local_number, title, folder_name, prerequisites, transition_check
    }

    func encode(to encoder: any Encoder) throws {
        var row = encoder.container(keyedBy: Column.self)
        try row.encode(self.chapter.number, forKey: .number)
        try row.encode(self.partNumber, forKey: .part_number)
        try row.encode(self.chapter.localNumber, forKey: .local_number)
        try row.encode(self.chapter.title, forKey: .title)
        try row.encode(self.chapter.folderName, forKey: .folder_name)
        try row.encode(self.chapter.prerequisites, forKey: .prerequisites)
        try row.encodeIfPresent(self.chapter.transitionCheck, forKey: .transition_check)
    }
}

/// A lesson, the chapter it stands in and its place in the reading order.
struct LessonRow: Encodable {
    let lesson: Lesson
    let chapterNumber: Int
    let position: Int
    let objectKey: String

    static func rows(of book: Book) -> [LessonRow] {
        let placed = book.chapters.flatMap { chapter in chapter.lessons.map { ($0, chapter.number) } }
        return placed.enumerated().map { position, placed in
            LessonRow(
                lesson: placed.0, chapterNumber: placed.1, position: position,
                objectKey: placed.0.objectKey(book: book.slug))
        }
    }

    private enum Column: String, CodingKey {
        case position, chapter_number, number, title, slug, type, content_hash, object_key, bucket_path
        case sidebar_position, estimated_minutes, goals, size_bytes, source_path
    }

    func encode(to encoder: any Encoder) throws {
        var row = encoder.container(keyedBy: Column.self)
        try row.encode(self.position, forKey: .position)
        try row.encode(self.chapterNumber, forKey: .chapter_number)
        try row.encode(self.lesson.number, forKey: .number)
        try row.encode(self.lesson.title, forKey: .title)
        try row.encode(self.lesson.slug, forKey: .slug)
        try row.encode(self.lesson.type.rawValue, forKey: .type)
        try row.encode(self.lesson.contentHash.hex, forKey: .content_hash)
        try row.encode(self.objectKey, forKey: .object_key)
        try row.encode(self.lesson.bucketPath, forKey: .bucket_path)
        try row.encode(self.lesson.sidebarPosition, forKey: .sidebar_position)
        try row.encode(self.lesson.estimatedMinutes, forKey: .estimated_minutes)
        try row.encode(self.lesson.goals, forKey: .goals)
        try row.encode(self.lesson.sizeBytes, forKey: .size_bytes)
        try row.encode(self.lesson.sourcePath, forKey: .source_path)
    }
}
