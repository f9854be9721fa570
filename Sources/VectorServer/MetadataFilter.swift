import MCP

/// A condition on a record's metadata.
///
/// `{"field": value}` asks for equality, `{"field": {"$gt": 3, "$lt": 9}}` for all of its operators; several fields must
/// all hold. Operators: `$eq $ne $in $gt $gte $lt $lte`; `{"$and": […]}` and `{"$or": […]}` combine filters. Dots lead
/// into nested objects. A missing field counts as `null`. Where the field is an array, equality (`$eq`, `$in`) also holds
/// if one of its elements is equal. Numbers compare by value, strings by their bytes; values of different kinds are never
/// less or greater.
indirect enum MetadataFilter: Hashable, Sendable {
    case all([MetadataFilter])
    case any([MetadataFilter])
    case field([String], Condition)

    enum Condition: Hashable, Sendable {
        case equal(JSONValue)
        case notEqual(JSONValue)
        case oneOf([JSONValue])
        case compared(Comparison, JSONValue)
    }

    enum Comparison: String, Hashable, Sendable {
        case greater = "$gt"
        case greaterOrEqual = "$gte"
        case less = "$lt"
        case lessOrEqual = "$lte"
    }

    private static let maximumDepth = 8
    private static let maximumConditions = 256
    private static let maximumListed = 1000

    /// Reads a filter; `nil` where it is empty and holds for every record. Throws ``VectorError`` (`invalidFilter`).
    static func parse(_ value: JSONValue?) throws(VectorError) -> MetadataFilter? {
        guard let value, value != .null else { return nil }
        var conditions = 0
        let filter = try self.parse(value, at: "filter", depth: 0, conditions: &conditions)
        return conditions == 0 ? nil : filter
    }

    private static func parse(
        _ value: JSONValue, at place: String, depth: Int, conditions: inout Int
    ) throws(VectorError) -> MetadataFilter {
        guard case .object(let members) = value else { throw self.broken("\(place) is not an object") }
        guard depth <= self.maximumDepth else { throw self.broken("\(place) is nested too deeply") }
        var parts: [MetadataFilter] = []
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            if name == "$and" || name == "$or" {
                guard case .array(let items) = value, !items.isEmpty else {
                    throw self.broken("\(place).\(name) is not a list of filters")
                }
                var inner: [MetadataFilter] = []
                for (index, item) in items.enumerated() {
                    inner.append(
                        try self.parse(
                            item, at: "\(place).\(name)[\(index)]", depth: depth + 1, conditions: &conditions))
                }
                parts.append(name == "$and" ? .all(inner) : .any(inner))
            } else if name.hasPrefix("$") {
                throw self.broken("\(place) has the unknown operator '\(name.prefix(40))'")
            } else {
                let path = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
                for condition in try self.conditions(value, at: "\(place).\(name.prefix(80))") {
                    parts.append(.field(path, condition))
                }
            }
        }
        conditions += parts.count
        guard conditions <= self.maximumConditions else {
            throw self.broken("the filter has more than \(self.maximumConditions) conditions")
        }
        return parts.count == 1 ? parts[0] : .all(parts)
    }

    private static func conditions(_ value: JSONValue, at place: String) throws(VectorError) -> [Condition] {
        guard case .object(let operators) = value, operators.keys.contains(where: { $0.hasPrefix("$") }) else {
            return [.equal(value)]
        }
        var conditions: [Condition] = []
        for (name, operand) in operators.sorted(by: { $0.key < $1.key }) {
            switch name {
            case "$eq": conditions.append(.equal(operand))
            case "$ne": conditions.append(.notEqual(operand))
            case "$in":
                guard case .array(let listed) = operand, listed.count <= self.maximumListed else {
                    throw self.broken("\(place).$in is not a list of at most \(self.maximumListed) values")
                }
                conditions.append(.oneOf(listed))
            default:
                guard let comparison = Comparison(rawValue: name) else {
                    throw self.broken("\(place) has the unknown operator '\(name.prefix(40))'")
                }
                switch operand {
                case .integer, .number, .string: conditions.append(.compared(comparison, operand))
                case .null, .bool, .array, .object:
                    throw self.broken("\(place).\(name) is neither a number nor a string")
                }
            }
        }
        return conditions
    }

    private static func broken(_ what: String) -> VectorError {
        VectorError(.invalidFilter, "The filter is not understood: \(what).")
    }

    /// Whether the metadata of a record fulfils the filter.
    func matches(_ metadata: [String: JSONValue]) -> Bool {
        switch self {
        case .all(let parts): parts.allSatisfy { $0.matches(metadata) }
        case .any(let parts): parts.contains { $0.matches(metadata) }
        case .field(let path, let condition): condition.matches(Self.value(at: path[...], in: metadata))
        }
    }

    private static func value(at path: ArraySlice<String>, in members: [String: JSONValue]) -> JSONValue {
        guard let name = path.first, let value = members[name] else { return .null }
        guard path.count > 1 else { return value }
        guard case .object(let inner) = value else { return .null }
        return self.value(at: path.dropFirst(), in: inner)
    }
}

extension MetadataFilter.Condition {
    func matches(_ value: JSONValue) -> Bool {
        switch self {
        case .equal(let wanted): Self.equals(value, wanted)
        case .notEqual(let unwanted): !Self.equals(value, unwanted)
        case .oneOf(let wanted): wanted.contains { Self.equals(value, $0) }
        case .compared(let comparison, let bound): Self.compares(value, comparison, bound)
        }
    }

    private static func equals(_ value: JSONValue, _ wanted: JSONValue) -> Bool {
        if self.same(value, wanted) { return true }
        guard case .array(let elements) = value else { return false }
        return elements.contains { self.same($0, wanted) }
    }

    /// Equality in which `1` and `1.0` are the same number.
    private static func same(_ left: JSONValue, _ right: JSONValue) -> Bool {
        switch (left, right) {
        case (.integer(let left), .number(let right)): Int64(exactly: right) == left
        case (.number(let left), .integer(let right)): Int64(exactly: left) == right
        case (.array(let left), .array(let right)): left.count == right.count && zip(left, right).allSatisfy(self.same)
        case (.object(let left), .object(let right)):
            left.count == right.count
                && left.allSatisfy { name, value in right[name].map { self.same(value, $0) } ?? false }
        default: left == right
        }
    }

    private static func compares(
        _ value: JSONValue, _ comparison: MetadataFilter.Comparison, _ bound: JSONValue
    ) -> Bool {
        switch (value, bound) {
        case (.integer(let value), .integer(let bound)): self.holds(comparison, value < bound, value == bound)
        case (.string(let value), .string(let bound)):
            self.holds(
                comparison, value.utf8.lexicographicallyPrecedes(bound.utf8), value.utf8.elementsEqual(bound.utf8))
        default:
            if let value = value.doubleValue, let bound = bound.doubleValue {
                self.holds(comparison, value < bound, value == bound)
            } else {
                false
            }
        }
    }

    private static func holds(_ comparison: MetadataFilter.Comparison, _ isLess: Bool, _ isEqual: Bool) -> Bool {
        switch comparison {
        case .greater: !isLess && !isEqual
        case .greaterOrEqual: !isLess
        case .less: isLess
        case .lessOrEqual: isLess || isEqual
        }
    }
}
