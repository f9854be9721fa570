/// The id that ties a JSON-RPC response to its request: a string or a whole number, never `null`.
public enum RequestID: Hashable, Sendable, CustomStringConvertible {
    case string(String)
    case integer(Int64)

    package init?(_ value: JSONValue?) {
        switch value {
        case .string(let text): self = .string(text)
        case .integer(let integer): self = .integer(integer)
        case .null, .bool, .number, .array, .object, nil: return nil
        }
    }

    package var json: JSONValue {
        switch self {
        case .string(let text): .string(text)
        case .integer(let integer): .integer(integer)
        }
    }

    public var description: String {
        switch self {
        case .string(let text): text
        case .integer(let integer): String(integer)
        }
    }
}
