/// Why something is so, for programs and, with ``ReasonTexts``, for people.
public struct Reason: Hashable, Sendable {
    /// The code of a reason; the raw value stands in answers and names the sentence.
    public enum Code: String, Hashable, Sendable, Codable, CaseIterable {
        /// It was begun.
        case begun = "CONTINUE"
        /// It comes next in the chapter that is being read.
        case nextInChapter = "NEXT_IN_CHAPTER"
        /// It serves one of the learner's goals.
        case goal = "GOAL"
        /// Lessons wait for it.
        case unlocks = "UNLOCKS"
        /// It stands at the learner's level.
        case level = "LEVEL"
        /// It fits in the time usually spent.
        case fitsSession = "FITS_SESSION"
        /// Everything it builds on is done.
        case ready = "READY"
        /// May be skimmed by who knows the matter.
        case skim = "SKIM_OK"
        /// It stands above the layer that was reached.
        case stretch = "STRETCH"
        /// It fades.
        case reviewDue = "REVIEW_DUE"
        /// Its text has changed since it was read.
        case updated = "UPDATED"

        /// It is among the recommendations.
        case recommended = "RECOMMENDED"
        /// It was completed and is not due.
        case completed = "COMPLETED"
        /// Another lesson comes first.
        case needsLesson = "NEEDS_LESSON"
        /// Another chapter comes first.
        case needsChapter = "NEEDS_CHAPTER"
        /// The book lacks a chapter that comes first.
        case missingChapter = "MISSING_CHAPTER"
        /// Its layer is not open yet.
        case layer = "ABOVE_LAYER"
        /// Two lessons of its chapter are shown already.
        case chapterFull = "CHAPTER_FULL"
        /// Others are better now.
        case ranked = "OTHERS_FIRST"
        /// Landing pages are never recommended.
        case landingPage = "LANDING_PAGE"

        /// Everything is completed.
        case complete = "COMPLETE"
        /// Everything published is completed.
        case contentPending = "CONTENT_PENDING"
        /// Nothing can be reached.
        case blocked = "BLOCKED"
        /// The questions are not answered.
        case noProfile = "NO_PROFILE"
    }

    /// A value that the sentence names.
    public enum Value: Hashable, Sendable, Encodable {
        case text(String)
        case number(Int)

        /// A string or a number.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .number(let number): try container.encode(number)
            }
        }
    }

    public var code: Code
    public var params: [String: Value]

    /// A reason with the values that its sentence names.
    public init(_ code: Code, _ params: [String: Value] = [:]) {
        self.code = code
        self.params = params
    }
}
