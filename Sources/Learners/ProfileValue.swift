import FoundationEssentials

/// A JSON value as it came in, before anything is known about it.
public enum ProfileValue: Hashable, Sendable, Decodable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([ProfileValue])
    case object([String: ProfileValue])

    /// Reads any JSON value.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {  // not a boolean: the next kind is tried
            self = .bool(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode([ProfileValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: ProfileValue].self))
        }
    }

    /// The JSON name of the value's type, for error messages.
    var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// The largest body accepted, in bytes: a full profile takes about 300.
    static let maximumBytes = 16 * 1024

    /// Reads the members of one JSON object.
    /// - Throws: ``LearnerError`` when the bytes are too many or no JSON object.
    static func object(from bytes: [UInt8]) throws(LearnerError) -> [String: ProfileValue] {
        guard bytes.count <= self.maximumBytes else {
            throw LearnerError(.tooLarge, "The body exceeds \(self.maximumBytes) bytes.")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw LearnerError(.malformedJSON, "The body is not UTF-8.")
        }
        let value: ProfileValue
        do {
            value = try JSONDecoder().decode(ProfileValue.self, from: Data(bytes))
        } catch {
            throw LearnerError(.malformedJSON, "The body is not valid JSON.")
        }
        guard case .object(let members) = value else {
            throw LearnerError(.malformedJSON, "The body must be a JSON object, not \(value.typeName).")
        }
        return members
    }
}
