/// The arguments of a tool that are repeated in HTTP headers (2026-07-28, `x-mcp-header`).
enum ToolHeaders: Hashable {
    case valid([Parameter])
    /// The definition breaks the rules; a client must not use the tool.
    case invalid(String)

    /// One argument and its header.
    struct Parameter: Hashable {
        /// The members on the way to the argument.
        let path: [String]
        let headerName: String

        /// The argument as text; `nil` where it is missing or `null`.
        func text(in arguments: JSONValue) -> String? {
            var value = arguments
            for name in self.path {
                guard let next = value[name] else { return nil }
                value = next
            }
            switch value {
            case .string(let text): return text
            case .bool(let flag): return flag ? "true" : "false"
            case .integer(let integer): return String(integer)
            case .number: return value.intValue.map(String.init)
            case .null, .array, .object: return nil
            }
        }
    }

    init(of schema: JSONValue) {
        var parameters: [Parameter] = []
        var names: Set<String> = []
        if let problem = Self.collect(schema, path: [], isReachable: true, depth: 0, &parameters, &names) {
            self = .invalid(problem)
        } else {
            self = .valid(parameters.sorted { $0.headerName < $1.headerName })
        }
    }

    /// Walks the schema; an annotation counts only where nothing but `properties` leads to it.
    private static func collect(
        _ schema: JSONValue, path: [String], isReachable: Bool, depth: Int, _ parameters: inout [Parameter],
        _ names: inout Set<String>
    ) -> String? {
        guard depth < 64 else { return "the schema is nested too deeply" }
        if let elements = schema.arrayValue {
            for element in elements {
                if let problem = self.collect(
                    element, path: path, isReachable: false, depth: depth + 1, &parameters, &names)
                {
                    return problem
                }
            }
            return nil
        }
        guard let members = schema.objectValue else { return nil }
        if let annotation = members["x-mcp-header"] {
            guard isReachable, !path.isEmpty else { return "x-mcp-header stands where no argument is" }
            if let problem = self.problem(annotation, members, &names) { return problem }
            if let name = annotation.stringValue {
                parameters.append(Parameter(path: path, headerName: "Mcp-Param-\(name)"))
            }
        }
        for (keyword, value) in members {
            if keyword == "properties", let properties = value.objectValue {
                for (name, property) in properties {
                    if let problem = self.collect(
                        property, path: path + [name], isReachable: isReachable, depth: depth + 1, &parameters, &names)
                    {
                        return problem
                    }
                }
            } else if !["enum", "const", "default", "examples"].contains(keyword) {
                if let problem = self.collect(
                    value, path: path, isReachable: false, depth: depth + 1, &parameters, &names)
                {
                    return problem
                }
            }
        }
        return nil
    }

    private static func problem(
        _ annotation: JSONValue, _ property: [String: JSONValue], _ names: inout Set<String>
    ) -> String? {
        guard let name = annotation.stringValue, !name.isEmpty, name.utf8.allSatisfy(self.isTokenCharacter) else {
            return "x-mcp-header is no header name"
        }
        guard names.insert(name.lowercased()).inserted else { return "two arguments share the header \(name)" }
        guard ["string", "integer", "boolean"].contains(property["type"]?.stringValue ?? "") else {
            return "x-mcp-header needs a string, an integer or a boolean"
        }
        return nil
    }

    /// RFC 9110, section 5.6.2.
    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
