public import TextbookSync

/// Where a published lesson's file is read from.
public protocol LessonBodySource: Sendable {
    /// The file's text: exactly the bytes that the content hash was taken of, front matter included.
    ///
    /// An error that can pass is thrown as `JobError` with a retry, or as any other error, which is retried as well.
    func body(objectKey: String, contentHash: String) async throws -> String
}

extension LessonBodies: LessonBodySource {}
