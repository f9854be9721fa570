/// A promise about personalized text that a text breaks.
public struct CheckFailure: Hashable, Sendable {
    /// The checks, by the names that reports use.
    public enum Check: String, Hashable, Sendable, CaseIterable {
        /// Code is an ordered, byte-equal part of the output.
        case code = "V1"
        /// Levels, order and ids of headings are kept.
        case headings = "V2"
        /// The targets of links and images are the same, none new.
        case targets = "V3"
        /// Every number with a unit is still there.
        case measures = "V4"
        /// Warnings of danger stand unchanged.
        case warnings = "V5"
        /// A translation is written in the reader's script.
        case script = "V6"
        /// Terms of the trade stay in Latin script.
        case terms = "V7"
        /// The text begins with the lesson, not with talk about it, and is not wrapped in a fence.
        case framing = "V8"
        /// The length stays in proportion.
        case length = "V9"
        /// The writer came to its own end.
        case finish = "V10"
        /// No HTML, script or component that the lesson does not hold.
        case markup = "V11"
        /// A text for newcomers is not harder to read than the lesson.
        case grade = "V12"
        /// The text ends with the lesson, not with talk about it.
        case ending = "V13"
        /// No placeholder, boundary or instruction of the prompt is left over.
        case echo = "V14"
        /// The text differs from the lesson, unless there was nothing to adapt.
        case identity = "V15"
    }

    /// The broken promise.
    public let check: Check
    /// What is wrong and what to do about it, in words that can be given back to the writer.
    public let message: String

    /// Whether a text with this failure is kept back. What is merely worse than it could be is given back to the writer,
    /// and accepted when asking again did not help.
    public var isHard: Bool {
        switch self.check {
        case .terms, .length, .grade, .ending: false
        case .code, .headings, .targets, .measures, .warnings, .script, .framing, .finish, .markup, .echo, .identity:
            true
        }
    }

    init(_ check: Check, _ message: String) {
        self.check = check
        self.message = message
    }
}
