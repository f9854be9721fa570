import Foundation
import JobQueue
import Yams

/// Reads the entries of a timetable.
struct TimetableReader {
    private var reader: OperatorFileReader
    private let kinds: [String: any JobArguments.Type]

    init(file: String, kinds: [any JobArguments.Type]) {
        self.reader = OperatorFileReader(file: file)
        self.kinds = Dictionary(kinds.map { ($0.definition.kind, $0) }) { first, _ in first }
    }

    mutating func read(_ yaml: String) throws(OperatorFileError) -> [Timetable.Entry] {
        var entries: [Timetable.Entry] = []
        if let root = self.reader.root(of: yaml),
            let file = self.reader.table(root, path: "", required: ["entries"]), let list = file["entries"]
        {
            if let items = list.sequence {
                var lines: [String: Int] = [:]
                for (index, item) in items.enumerated() {
                    if let entry = self.entry(item, path: "entries[\(index)]", lines: &lines) { entries.append(entry) }
                }
            } else {
                self.reader.note(list, "entries must be a list; write [] for none")
            }
        }
        return try self.reader.finish(entries)
    }

    /// - Parameter lines: where each name was given first.
    private mutating func entry(_ node: Node, path: String, lines: inout [String: Int]) -> Timetable.Entry? {
        guard
            let table = self.reader.table(
                node, path: path, required: ["name", "kind", "cron", "time_zone"],
                optional: ["catch_up", "arguments", "enabled"])
        else { return nil }
        let name = self.name(table, lines: &lines)
        let known = self.kinds.keys.sorted().joined(separator: ", ")
        let kind = self.reader.value(table, "kind", expected: "one of the kinds \(known)") { [kinds] in kinds[$0] }
        let expression = self.expression(table)
        let zone = self.reader.value(
            table, "time_zone", expected: "UTC or a name of the IANA database such as Europe/Berlin"
        ) { CronTimeZone($0) }
        let catchUp = self.catchUp(table)
        let isEnabled =
            table["enabled"] == nil
            ? true
            : self.reader.value(table, "enabled", expected: "true or false") { ["true": true, "false": false][$0] }
        let arguments = kind.flatMap { self.arguments($0, table) }
        guard let name, let expression, let zone, let catchUp, let isEnabled, let arguments else { return nil }
        return Timetable.Entry(
            name: name, arguments: arguments.value, argumentsJSON: arguments.json,
            schedule: CronSchedule(expression: expression, timeZone: zone, catchUp: catchUp), isEnabled: isEnabled)
    }

    private mutating func name(_ table: OperatorFileTable, lines: inout [String: Int]) -> String? {
        let name = self.reader.value(
            table, "name", expected: "1 to 64 lower-case letters, digits, - and _, beginning with a letter"
        ) { text in text.wholeMatch(of: /[a-z][a-z0-9_\-]{0,63}/) == nil ? nil : text }
        guard let name, let node = table["name"] else { return nil }
        if let line = lines[name] {
            self.reader.note(
                node, "\(table.path("name")) \"\(name)\" stands in line \(line) already; every entry needs its own")
            return nil
        }
        lines[name] = node.mark?.line ?? 1
        return name
    }

    private mutating func expression(_ table: OperatorFileTable) -> CronExpression? {
        let expected = "five fields in quotes, such as \"15 3 * * *\""
        guard let text = self.reader.value(table, "cron", expected: expected, { $0 }), let node = table["cron"] else {
            return nil
        }
        do throws(CronSyntaxError) {
            let expression = try CronExpression(text)
            if !expression.neverFires { return expression }
            self.reader.note(
                node, "\(table.path("cron")): no year has the day that \"\(text)\" asks for; choose another")
        } catch {
            self.reader.note(node, "\(table.path("cron")): \(error)")
        }
        return nil
    }

    private mutating func catchUp(_ table: OperatorFileTable) -> CatchUpPolicy? {
        guard let node = table["catch_up"] else { return .once }
        switch node.scalar?.string {
        case "skip": return .skip
        case "once": return .once
        default: break
        }
        guard node.mapping != nil,
            let all = self.reader.table(node, path: table.path("catch_up"), required: ["all"])
        else {
            self.reader.note(node, "\(table.path("catch_up")) must be skip, once or {all: N}")
            return nil
        }
        return self.reader.integer(all, "all", in: 1...CatchUpPolicy.maximumLimit).map { .all(limit: $0) }
    }

    private mutating func arguments<Arguments: JobArguments>(
        _ type: Arguments.Type, _ table: OperatorFileTable
    ) -> (value: any JobArguments, json: String)? {
        let node = table["arguments"] ?? Node([(Node, Node)]())
        // The mark of an entry without arguments is that of the entry.
        let place = table["arguments"] ?? table.node
        let path = table.path("arguments")
        guard let given = self.reader.table(node, path: path) else { return nil }
        let unknown = given.entries.filter { type.dataClasses[$0.name] == nil }
        for entry in unknown {
            let allowed = type.dataClasses.keys.sorted().joined(separator: ", ")
            self.reader.note(
                entry.key, "\(given.path(entry.name)) is unknown; \(type.definition.kind) carries \(allowed)")
        }
        do {
            let value = try YAMLDecoder().decode(type, from: node)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return unknown.isEmpty ? (value, String(decoding: try encoder.encode(value), as: UTF8.self)) : nil
        } catch DecodingError.keyNotFound(let key, let context) {
            let name = (context.codingPath + [key]).map(\.stringValue).joined(separator: ".")
            self.reader.note(place, "\(path).\(name) is missing; \(type.definition.kind) needs it")
        } catch DecodingError.typeMismatch(let expected, let context),
            DecodingError.valueNotFound(let expected, let context)
        {
            self.noteArgument(given, context, place, "must be \(Self.word(for: expected))")
        } catch DecodingError.dataCorrupted(let context) {
            self.noteArgument(given, context, place, "has a form that \(type.definition.kind) does not accept")
        } catch {
            self.reader.note(place, "\(path) do not decode as those of \(type.definition.kind)")
        }
        return nil
    }

    /// Says which argument is wrong; what stands there may be a person's and is not shown.
    private mutating func noteArgument(
        _ given: OperatorFileTable, _ context: DecodingError.Context, _ place: Node, _ message: String
    ) {
        let names = context.codingPath.map(\.stringValue)
        let node = names.first.flatMap { name in given.entries.first { $0.name == name } }?.value
        self.reader.note(node ?? place, "\(([given.path] + names).joined(separator: ".")) \(message)")
    }

    private static func word(for type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a text"
        case is Bool.Type: "true or false"
        case is any BinaryInteger.Type: "a whole number"
        case is any BinaryFloatingPoint.Type: "a number"
        case is Node.Scalar.Type: "a single value"
        case is Node.Sequence.Type: "a list"
        case is Node.Mapping.Type: "a mapping"
        default: "a value of type \(type)"
        }
    }
}
