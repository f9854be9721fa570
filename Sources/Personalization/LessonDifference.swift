public import Learners

/// How a personalized lesson differs from the author's, line by line.
public struct LessonDifference: Hashable, Sendable, Encodable {
    public var lessonSlug: String
    /// Who wrote it.
    public var generator: String
    public var hunks: [LineDiff.Hunk]

    enum CodingKeys: String, CodingKey {
        case generator, hunks
        case lessonSlug = "lesson_slug"
    }
}

extension PersonalizationService {
    /// How the text that a learner has differs from the author's.
    /// - Throws: ``PersonalizationError`` as ``poll(userID:slug:)``, with `notRequested` where no text is there, and
    ///   with `bodyUnreadable` when the author's cannot be read.
    public func difference(userID: LearnerID, slug: String) async throws -> LessonDifference {
        let (key, text) = try await self.readyText(userID, slug)
        let content = try await self.content(of: text, key)
        guard let plan = try await self.plan(of: key) else {
            throw PersonalizationError(.bodyUnreadable, "The author's text cannot be read at the moment.")
        }
        let original = String(decoding: plan.sections.flatMap(\.markdown), as: UTF8.self)
        return LessonDifference(
            lessonSlug: key.lessonSlug, generator: text.generator, hunks: LineDiff(from: original, to: content).hunks)
    }
}
