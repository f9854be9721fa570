public import Learners
import Postgres

/// What a learner thinks of a text that was written for them.
public struct Feedback: Hashable, Sendable {
    /// A thumb.
    public enum Rating: String, Hashable, Sendable, CaseIterable {
        case up, down
    }

    /// What it is about.
    public enum Reason: String, Hashable, Sendable, CaseIterable {
        case tooEasy = "too_easy"
        case tooHard = "too_hard"
        case tooLong = "too_long"
        case tooShort = "too_short"
        case wrong, language, other
    }

    /// In characters.
    public static let maximumComment = 1_000

    public var rating: Rating
    public var reason: Reason?
    /// In the learner's own words; read by people only, and no part of any prompt.
    public var comment: String?

    /// Feedback from its parts.
    public init(rating: Rating, reason: Reason? = nil, comment: String? = nil) {
        self.rating = rating
        self.reason = reason
        self.comment = comment
    }
}

extension PersonalizationService {
    /// Keeps a learner's word on the text they have; the last one on a text counts.
    /// - Throws: ``PersonalizationError`` as ``poll(userID:slug:)``, and with `notRequested` where no text is there.
    public func file(_ feedback: Feedback, userID: LearnerID, slug: String) async throws {
        let (key, text) = try await self.readyText(userID, slug)
        // PostgreSQL's text holds no NUL.
        let comment = feedback.comment?.replacing("\0", with: "")
        let kept = try await self.store.database.execute(
            """
            INSERT INTO lectern.feedback AS f
                (user_id, lesson_slug, text_hash, rating, reason, comment, generator, sections)
            SELECT c.user_id, c.lesson_slug, c.text_hash, \(feedback.rating.rawValue),
                \(feedback.reason?.rawValue as String?), \(comment as String?), c.generator, c.sections
            FROM lectern.personalized_lesson c
            WHERE \(sql: PersonalizedLessonStore.matches(key)) AND c.text_hash = \(text.hash)
            ON CONFLICT (user_id, lesson_slug, text_hash) DO UPDATE
            SET rating = excluded.rating, reason = excluded.reason, comment = excluded.comment, created_at = now()
            """)
        guard kept > 0 else {
            throw PersonalizationError(.notRequested, "The text was withdrawn meanwhile; ask for it again.")
        }
    }

    func readyText(
        _ userID: LearnerID, _ slug: String
    ) async throws -> (PersonalizationKey, PersonalizedLesson.Text) {
        let (key, row) = try await self.standing(userID, slug, nil)
        guard let row, case .ready(let text) = row.state else {
            throw PersonalizationError(.notRequested, "There is no personalized text of this lesson yet.")
        }
        return (key, text)
    }
}
