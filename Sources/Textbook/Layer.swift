/// How much a part asks of the learner, `L1` to `L5`, or a range of these such as `L2-L3`.
public struct Layer: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The levels there are.
    public static let bounds = 1...5

    /// The easier end, 1 to 5.
    public let min: Int
    /// The harder end, never below `min`.
    public let max: Int

    /// A layer from its ends; `nil` when they are out of bounds or in the wrong order.
    public init?(min: Int, max: Int) {
        guard Layer.bounds.contains(min), Layer.bounds.contains(max), min <= max else { return nil }
        self.min = min
        self.max = max
    }

    /// A layer from its written form: `L2`, or `L2-L3` with a hyphen or an en dash.
    public init?(_ text: String) {
        let ends = text.split(omittingEmptySubsequences: false) { $0 == "-" || $0 == "–" }.map(Layer.level)
        switch ends.count {
        case 1:
            guard let level = ends[0] else { return nil }
            self.init(min: level, max: level)
        case 2:
            guard let min = ends[0], let max = ends[1] else { return nil }
            self.init(min: min, max: max)
        default:
            return nil
        }
    }

    /// `L2`, or `L2-L3`.
    public var description: String {
        self.min == self.max ? "L\(self.min)" : "L\(self.min)-L\(self.max)"
    }

    /// Easier layers first: by the lower end, then by the upper.
    public static func < (left: Layer, right: Layer) -> Bool {
        (left.min, left.max) < (right.min, right.max)
    }

    /// What a part has whose author named no layer.
    static let undeclared = Layer(only: 1)

    private init(only level: Int) {
        self.min = level
        self.max = level
    }

    private static func level(_ text: Substring) -> Int? {
        var digits = text.drop { $0 == " " }
        while digits.last == " " { digits.removeLast() }
        guard let letter = digits.popFirst(), letter == "L" || letter == "l", digits.count == 1 else { return nil }
        return Int(digits)
    }
}

extension Layer: Codable {
    /// Reads the written form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let layer = Layer(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "a layer is L1…L5 or a range L2-L3")
        }
        self = layer
    }

    /// Writes the written form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }
}
