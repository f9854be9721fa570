/// One section of a lesson: a heading of level 1 or 2 with what follows it, or what stands before the first.
///
/// The sections of a lesson partition its body: put together, their bytes are the body.
public struct SectionSource: Hashable, Sendable {
    /// The place within the lesson, from 0.
    public var ordinal: Int
    public var lessonTitle: String
    /// The section's own bytes, its heading included.
    public var markdown: [UInt8]
    /// The heading's text; `nil` for what stands before the first heading.
    public var heading: String?
    /// The headings before and after this one, which tell a writer where it stands.
    public var previousHeading: String?
    public var nextHeading: String?
    /// Terms of the glossary that the lesson mentions here for the first time, in their order.
    public var introducedTerms: [String]
    public var facts: SectionFacts

    /// A section from its parts.
    public init(
        ordinal: Int, lessonTitle: String, markdown: [UInt8], heading: String?, previousHeading: String? = nil,
        nextHeading: String? = nil, introducedTerms: [String] = [], facts: SectionFacts
    ) {
        self.ordinal = ordinal
        self.lessonTitle = lessonTitle
        self.markdown = markdown
        self.heading = heading
        self.previousHeading = previousHeading
        self.nextHeading = nextHeading
        self.introducedTerms = introducedTerms
        self.facts = facts
    }
}

/// What a section holds, as far as it decides for whom it must be written differently.
public struct SectionFacts: Hashable, Sendable {
    /// Code, fenced or indented, wherever it stands.
    public var hasCode: Bool
    /// Words that could be written differently; without any, the section is the same for everybody.
    public var hasProse: Bool
    /// The domains of the terms in the prose.
    public var domains: Set<ProfileSlice.Domain>

    /// Facts from their parts.
    public init(hasCode: Bool, hasProse: Bool, domains: Set<ProfileSlice.Domain>) {
        self.hasCode = hasCode
        self.hasProse = hasProse
        self.domains = domains
    }
}
