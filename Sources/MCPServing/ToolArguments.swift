package import MCP

/// The arguments of a tool call, read one by one.
///
/// The server core has held them against the tool's schema already; what does not fit here is a gap in that schema, and
/// is answered like any other bad argument.
package struct ToolArguments: Sendable {
    private let value: JSONValue

    package init(_ value: JSONValue) {
        self.value = value
    }

    /// An argument that has another type than the tool expects.
    package struct Mismatch: Error, Sendable {
        package let message: String

        package init(message: String) {
            self.message = message
        }
    }

    /// The argument as it came; `nil` where it is missing or `null`.
    package subscript(name: String) -> JSONValue? {
        guard let value = self.value[name], !value.isNull else { return nil }
        return value
    }

    package func string(_ name: String) throws(Mismatch) -> String {
        guard let text = try self.optionalString(name) else { throw Mismatch(message: "\(name) is missing.") }
        return text
    }

    package func optionalString(_ name: String) throws(Mismatch) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.stringValue else { throw Mismatch(message: "\(name) is not a string.") }
        return text
    }

    package func integer(_ name: String) throws(Mismatch) -> Int {
        guard let value = self[name] else { throw Mismatch(message: "\(name) is missing.") }
        guard let number = value.intValue else { throw Mismatch(message: "\(name) is not a whole number.") }
        return number
    }

    package func strings(_ name: String) throws(Mismatch) -> [String] {
        guard let texts = self[name]?.arrayValue?.map(\.stringValue), !texts.contains(nil) else {
            throw Mismatch(message: "\(name) is not a list of strings.")
        }
        return texts.compactMap { $0 }
    }

    package func numbers(_ name: String) throws(Mismatch) -> [Double] {
        guard let elements = self[name]?.arrayValue else {
            throw Mismatch(message: "\(name) is not a list of numbers.")
        }
        var numbers: [Double] = []
        numbers.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            guard let number = element.doubleValue else {
                throw Mismatch(message: "\(name)[\(index)] is not a number.")
            }
            numbers.append(number)
        }
        return numbers
    }
}

extension MCPToolResult {
    /// A failure for programs and people: `{"error": code, "message": message}`.
    package static func failure(_ code: String, _ message: String) -> MCPToolResult {
        .structured(["error": .string(code), "message": .string(message)], isError: true)
    }
}
