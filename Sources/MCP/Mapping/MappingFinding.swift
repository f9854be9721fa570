/// Where a tool mapping does not fit a server.
public struct MappingFinding: Hashable, Sendable, CustomStringConvertible {
    /// How bad it is.
    public enum Severity: String, Hashable, Sendable {
        /// The operation cannot work.
        case error
        /// The operation may not work always.
        case warning
    }

    /// How bad it is.
    public var severity: Severity
    /// Our operation, `put`.
    public var operation: String
    /// The tool that stands for it.
    public var tool: String
    /// What does not fit.
    public var message: String

    public var description: String { "\(self.severity): \(self.operation) (\(self.tool)): \(self.message)" }
}

/// One operation of a mapping with the gaps that its template may and must have.
struct MappedOperation {
    var name: String
    var call: ToolOperation
    var available: Set<String>
    /// Gaps that sometimes have no value; their member is then left out.
    var optional: Set<String> = []
    /// Of each of these groups at least one must be in the template.
    var needed: [Set<String>] = []
}

/// What object and vector mappings have in common.
protocol ToolMapping: Codable {
    var operations: [MappedOperation] { get }
    var problems: [String] { get }
}

extension ToolMapping {
    var problems: [String] { [] }

    /// Throws ``MCPError`` with `invalidMapping` and the first place that is wrong in itself.
    func validate() throws(MCPError) {
        for operation in self.operations {
            let placeholders = operation.call.arguments.placeholders
            if let unknown = placeholders.subtracting(operation.available).min() {
                let known = operation.available.sorted().map { "{\($0)}" }.joined(separator: ", ")
                throw MCPError(
                    code: .invalidMapping,
                    message: "\(operation.name).call.arguments: unknown placeholder {\(unknown)}; there are \(known)")
            }
            for group in operation.needed where group.isDisjoint(with: placeholders) {
                let wanted = group.sorted().map { "{\($0)}" }.joined(separator: " or ")
                throw MCPError(
                    code: .invalidMapping, message: "\(operation.name).call.arguments: \(wanted) is missing")
            }
            guard operation.call.arguments.value.objectValue != nil, !operation.call.tool.isEmpty else {
                throw MCPError(
                    code: .invalidMapping, message: "\(operation.name).call needs a tool and an object of arguments")
            }
        }
        if let problem = self.problems.first { throw MCPError(code: .invalidMapping, message: problem) }
    }

    /// Reads a mapping. Throws ``MCPError`` that names the place: a wrong type, a missing member, an unknown one.
    static func load(_ json: some Sequence<UInt8>) throws(MCPError) -> Self {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: json)
        } catch {
            throw MCPError(code: .invalidMapping, message: "The mapping is no JSON: \(error)")
        }
        guard value.objectValue != nil else {
            throw MCPError(code: .invalidMapping, message: "The mapping must be a JSON object")
        }
        let mapping: Self
        do {
            mapping = try value.decode(Self.self)
        } catch let error as DecodingError {
            throw MCPError(code: .invalidMapping, message: error.placed, underlying: error)
        } catch {
            throw MCPError(code: .invalidMapping, message: "The mapping cannot be read: \(error)", underlying: error)
        }
        // Whatever does not come out again was not understood: a misspelt member must not be passed over.
        let understood = (try? JSONValue(encoding: mapping)) ?? .null
        if let place = value.firstMember(missingIn: understood) {
            throw MCPError(code: .invalidMapping, message: "\(place) is not a known member")
        }
        try mapping.validate()
        return mapping
    }

    func findings(against tools: [MCPTool]) -> [MappingFinding] {
        let byName = Dictionary(tools.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        return self.operations.flatMap { operation -> [MappingFinding] in
            guard let tool = byName[operation.call.tool] else {
                return [
                    MappingFinding(
                        severity: .error, operation: operation.name, tool: operation.call.tool,
                        message: "the server has no such tool")
                ]
            }
            return operation.findings(operation.call.arguments.value, tool.inputSchema, at: "")
        }
    }
}

extension MappedOperation {
    /// Holds a template against a schema, member by member.
    func findings(_ template: JSONValue, _ schema: JSONValue, at path: String) -> [MappingFinding] {
        guard let members = template.objectValue, let properties = schema["properties"]?.objectValue else { return [] }
        var findings: [MappingFinding] = []
        for name in (schema["required"]?.arrayValue ?? []).compactMap(\.stringValue) {
            guard let value = members[name] else {
                findings.append(self.finding(.error, "the required argument \(path)\(name) is not given"))
                continue
            }
            if let text = value.stringValue, self.optional.contains(where: { text == "{\($0)}" }) {
                findings.append(
                    self.finding(.warning, "the required argument \(path)\(name) is left out where \(text) is empty"))
            }
        }
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            if let property = properties[name] {
                findings += self.findings(value, property, at: "\(path)\(name).")
            } else if schema["additionalProperties"] == false {
                findings.append(self.finding(.error, "the tool refuses the argument \(path)\(name)"))
            } else {
                findings.append(self.finding(.warning, "the tool does not know the argument \(path)\(name)"))
            }
        }
        return findings
    }

    private func finding(_ severity: MappingFinding.Severity, _ message: String) -> MappingFinding {
        MappingFinding(severity: severity, operation: self.name, tool: self.call.tool, message: message)
    }
}

extension JSONValue {
    /// The first member of this value that `other` lacks, as a path.
    fileprivate func firstMember(missingIn other: JSONValue, at path: String = "") -> String? {
        switch (self, other) {
        case (.object(let members), .object(let others)):
            for (name, value) in members.sorted(by: { $0.key < $1.key }) where !value.isNull {
                let place = path.isEmpty ? name : "\(path).\(name)"
                guard let counterpart = others[name] else { return place }
                if let missing = value.firstMember(missingIn: counterpart, at: place) { return missing }
            }
            return nil
        case (.array(let elements), .array(let others)):
            for (index, pair) in zip(elements, others).enumerated() {
                if let missing = pair.0.firstMember(missingIn: pair.1, at: "\(path)[\(index)]") { return missing }
            }
            return nil
        default:
            return nil
        }
    }
}

extension DecodingError {
    /// What is wrong, with the way to the place.
    fileprivate var placed: String {
        switch self {
        case .keyNotFound(let key, let context): "\(Self.place(context.codingPath + [key])) is missing"
        case .typeMismatch(let type, let context): "\(Self.place(context.codingPath)) must be of type \(type)"
        case .valueNotFound(_, let context): "\(Self.place(context.codingPath)) must not be null"
        case .dataCorrupted(let context): "\(Self.place(context.codingPath)): \(context.debugDescription)"
        @unknown default: "The mapping cannot be read"
        }
    }

    private static func place(_ path: [any CodingKey]) -> String {
        path.isEmpty
            ? "The mapping"
            : path.reduce(into: "") { text, key in
                if let index = key.intValue {
                    text += "[\(index)]"
                } else {
                    text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
                }
            }
    }
}
