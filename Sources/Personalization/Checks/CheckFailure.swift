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
        /// The text begins with the lesson, not with talk about it, and is not wrapped in a fence.
        case framing = "V8"
        /// The length stays in proportion.
        case length = "V9"
        /// The writer came to its own end.
        case finish = "V10"
        /// No HTML, script or component that the lesson does not hold.
        case markup = "V11"
        /// No placeholder or boundary of the prompt is left over.
        case echo = "V14"
        /// The text differs from the lesson, unless there was nothing to adapt.
        case identity = "V15"
    }

    /// The broken promise.
    public let check: Check
    /// What is wrong and what to do about it, in words that can be given back to the writer.
    public let message: String

    init(_ check: Check, _ message: String) {
        self.check = check
        self.message = message
    }
}
