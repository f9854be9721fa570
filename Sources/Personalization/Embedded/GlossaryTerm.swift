/// A word of the trade, explained for people who meet it for the first time.
public struct GlossaryTerm: Hashable, Sendable, Codable {
    /// How far into its domain a term lies.
    public enum Level: String, Hashable, Sendable, Codable {
        case basic, core, advanced
    }

    /// The term as it is shown.
    public var term: String
    /// Other spellings and plurals found in texts.
    public var aliases: [String]
    public var domain: ProfileSlice.Domain
    public var level: Level
    /// An explanation that continues the sentence "It is …".
    public var explanation: String
    /// The explanation in Urdu; the term itself stays in Latin script.
    public var urdu: String
    /// What Urdu speakers call it, in Urdu script.
    public var urduNames: [String]?
    /// A comparison with everyday life, in whole sentences.
    public var analogy: String?

    /// A term from its fields.
    public init(
        term: String, aliases: [String] = [], domain: ProfileSlice.Domain, level: Level = .core, explanation: String,
        urdu: String, urduNames: [String]? = nil, analogy: String? = nil
    ) {
        self.term = term
        self.aliases = aliases
        self.domain = domain
        self.level = level
        self.explanation = explanation
        self.urdu = urdu
        self.urduNames = urduNames
        self.analogy = analogy
    }
}
