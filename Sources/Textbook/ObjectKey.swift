/// Where a book's bytes stand in the bucket.
public enum ObjectKey {
    /// The readable key of one lesson: `books/{book}/parts/{part}/chapters/{chapter}/lessons/{lesson}.md`.
    public static func lesson(book: String, partFolder: String, chapterFolder: String, file: String) -> String {
        "books/\(book)/parts/\(partFolder)/chapters/\(chapterFolder)/lessons/\(file)"
    }

    /// The key of an immutable blob by the SHA-256 of its bytes: written once, never overwritten.
    public static func blob(book: String, sha256: String) -> String {
        "\(self.blobPrefix(book: book))\(sha256).md"
    }

    /// What the keys of all blobs of a book begin with.
    public static func blobPrefix(book: String) -> String {
        "books/\(book)/.objects/"
    }

    /// What the readable keys of all lessons of a book begin with.
    public static func lessonPrefix(book: String) -> String {
        "books/\(book)/parts/"
    }
}

extension Lesson {
    /// The key of the immutable blob readers are served from.
    public func objectKey(book: String) -> String {
        ObjectKey.blob(book: book, sha256: self.sha256)
    }
}
