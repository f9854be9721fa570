/// The level of mastery a part leads to, on a scale like the CEFR's.
public enum Tier: String, Codable, Sendable, Hashable, CaseIterable, Comparable {
    case a2 = "A2"
    case b1 = "B1"
    case b2 = "B2"
    case c1 = "C1"
    case c2 = "C2"

    /// A tier from its written form, in either case.
    public init?(_ text: String) {
        self.init(rawValue: text.uppercased())
    }

    /// 0 for `A2` up to 4 for `C2`.
    public var rank: Int {
        switch self {
        case .a2: 0
        case .b1: 1
        case .b2: 2
        case .c1: 3
        case .c2: 4
        }
    }

    /// Lower tiers first.
    public static func < (left: Tier, right: Tier) -> Bool {
        left.rank < right.rank
    }

    /// What a part has whose author named no tier.
    static let undeclared = Tier.a2
}
