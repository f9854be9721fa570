/// Checks values against the part of JSON Schema 2020-12 that tool arguments need.
///
/// Understood: `type`, `enum`, `const`, `properties`, `required`, `additionalProperties`, `items`, `minItems`,
/// `maxItems`, `minLength`, `maxLength`, `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`. Other keywords,
/// `$ref` among them, are not applied; nothing is ever fetched.
public enum JSONSchema {
    /// A place where a value does not fit its schema.
    public struct Violation: Hashable, Sendable, CustomStringConvertible {
        /// The way to the place, a JSON pointer of RFC 6901; empty for the whole value.
        public let pointer: String
        /// What is wrong there.
        public let message: String

        public var description: String { self.pointer.isEmpty ? self.message : "\(self.pointer) \(self.message)" }
    }

    /// The first violation found, `nil` where `value` fits `schema`.
    public static func firstViolation(of schema: JSONValue, by value: JSONValue) -> Violation? {
        self.check(value, schema, at: "")
    }

    private static func check(_ value: JSONValue, _ schema: JSONValue, at pointer: String) -> Violation? {
        if schema == false { return Violation(pointer: pointer, message: "is not allowed") }
        guard let keywords = schema.objectValue else { return nil }
        if let type = keywords["type"], !self.matches(value, type: type) {
            return Violation(pointer: pointer, message: "must be of type \(self.names(type)), not \(value.typeName)")
        }
        if let allowed = keywords["enum"]?.arrayValue, !allowed.contains(where: { self.isEqual($0, value) }) {
            let list = allowed.prefix(20).map(\.description).joined(separator: ", ")
            return Violation(pointer: pointer, message: "must be one of \(list)")
        }
        if let constant = keywords["const"], !self.isEqual(constant, value) {
            return Violation(pointer: pointer, message: "must be \(constant)")
        }
        switch value {
        case .string(let text): return self.checkString(text, keywords, at: pointer)
        case .integer, .number: return self.checkNumber(value.doubleValue ?? 0, keywords, at: pointer)
        case .array(let elements): return self.checkArray(elements, keywords, at: pointer)
        case .object(let members): return self.checkObject(members, keywords, at: pointer)
        case .null, .bool: return nil
        }
    }

    private static func matches(_ value: JSONValue, type: JSONValue) -> Bool {
        if let types = type.arrayValue { return types.contains { self.matches(value, type: $0) } }
        switch type.stringValue {
        case "integer": return value.intValue != nil
        case "number": return value.doubleValue != nil
        case let name?: return value.typeName == name
        case nil: return true
        }
    }

    private static func names(_ type: JSONValue) -> String {
        (type.arrayValue ?? [type]).compactMap(\.stringValue).joined(separator: " or ")
    }

    /// JSON Schema compares numbers by value: 1 equals 1.0.
    private static func isEqual(_ left: JSONValue, _ right: JSONValue) -> Bool {
        if left == right { return true }
        guard let left = left.doubleValue, let right = right.doubleValue else { return false }
        return left == right
    }

    private static func checkString(
        _ text: String, _ keywords: [String: JSONValue], at pointer: String
    ) -> Violation? {
        // Lengths count characters as Unicode code points (JSON Schema Validation, section 6.3).
        if let minimum = keywords["minLength"]?.intValue, text.unicodeScalars.count < minimum {
            return Violation(pointer: pointer, message: "must have at least \(minimum) characters")
        }
        if let maximum = keywords["maxLength"]?.intValue, text.utf8.count > maximum,
            text.unicodeScalars.count > maximum
        {
            return Violation(pointer: pointer, message: "must have at most \(maximum) characters")
        }
        return nil
    }

    private static func checkNumber(
        _ number: Double, _ keywords: [String: JSONValue], at pointer: String
    ) -> Violation? {
        if let minimum = keywords["minimum"], let bound = minimum.doubleValue, number < bound {
            return Violation(pointer: pointer, message: "must be at least \(minimum)")
        }
        if let maximum = keywords["maximum"], let bound = maximum.doubleValue, number > bound {
            return Violation(pointer: pointer, message: "must be at most \(maximum)")
        }
        if let minimum = keywords["exclusiveMinimum"], let bound = minimum.doubleValue, number <= bound {
            return Violation(pointer: pointer, message: "must be more than \(minimum)")
        }
        if let maximum = keywords["exclusiveMaximum"], let bound = maximum.doubleValue, number >= bound {
            return Violation(pointer: pointer, message: "must be less than \(maximum)")
        }
        return nil
    }

    private static func checkArray(
        _ elements: [JSONValue], _ keywords: [String: JSONValue], at pointer: String
    ) -> Violation? {
        if let minimum = keywords["minItems"]?.intValue, elements.count < minimum {
            return Violation(pointer: pointer, message: "must have at least \(minimum) elements")
        }
        if let maximum = keywords["maxItems"]?.intValue, elements.count > maximum {
            return Violation(pointer: pointer, message: "must have at most \(maximum) elements")
        }
        guard let items = keywords["items"] else { return nil }
        // A vector is hundreds of plain numbers: spare them the general walk.
        if items == ["type": "number"] {
            guard let index = elements.firstIndex(where: { $0.doubleValue == nil }) else { return nil }
            return self.check(elements[index], items, at: "\(pointer)/\(index)")
        }
        for (index, element) in elements.enumerated() {
            if let violation = self.check(element, items, at: "\(pointer)/\(index)") { return violation }
        }
        return nil
    }

    private static func checkObject(
        _ members: [String: JSONValue], _ keywords: [String: JSONValue], at pointer: String
    ) -> Violation? {
        for name in keywords["required"]?.arrayValue?.compactMap(\.stringValue) ?? [] where members[name] == nil {
            return Violation(pointer: "\(pointer)/\(self.escaped(name))", message: "is missing")
        }
        let properties = keywords["properties"]?.objectValue ?? [:]
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            let place = "\(pointer)/\(self.escaped(name))"
            if let schema = properties[name] {
                if let violation = self.check(value, schema, at: place) { return violation }
            } else if let schema = keywords["additionalProperties"] {
                if schema == false { return Violation(pointer: place, message: "is not a known member") }
                if let violation = self.check(value, schema, at: place) { return violation }
            }
        }
        return nil
    }

    private static func escaped(_ name: String) -> String {
        String(name.prefix(100)).split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
            .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
    }
}
