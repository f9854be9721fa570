import JobQueue
import Yams

/// Takes typed values out of a YAML file and notes, with its line, everything that is wrong.
struct OperatorFileReader {
    /// What error messages call the file.
    let file: String
    private var problems: [OperatorFileError.Problem] = []

    init(file: String) {
        self.file = file
    }

    /// The whole of the file as a mapping.
    mutating func root(of text: String) -> Node? {
        do {
            guard let node = try Parser(yaml: text).singleRoot() else {
                self.note(line: 1, "the file is empty")
                return nil
            }
            return node
        } catch YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _)
        {
            self.note(line: mark.line, "this is no YAML: \(problem)")
        } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
            let names = keys.sorted().joined(separator: ", ")
            self.note(line: context.mark.line, "in what begins here, \(names) stands twice; keep one of them")
        } catch {
            self.note(line: 1, "this is no YAML")
        }
        return nil
    }

    mutating func note(_ node: Node, _ message: String) {
        self.note(line: node.mark?.line ?? 1, message)
    }

    private mutating func note(line: Int, _ message: String) {
        self.problems.append(OperatorFileError.Problem(line: line, message: message))
    }

    /// Hands over what was read, provided that nothing was wrong.
    func finish<Value>(_ value: Value) throws(OperatorFileError) -> Value {
        guard self.problems.isEmpty else {
            throw OperatorFileError(file: self.file, problems: self.problems.sorted { $0.line < $1.line })
        }
        return value
    }
}

/// A mapping with the place it stands at, `queues.sync` for example.
struct OperatorFileTable {
    struct Entry {
        var name: String
        var key: Node
        var value: Node
    }

    let path: String
    let node: Node
    let entries: [Entry]

    /// The value of a key, `nil` where it is missing or null.
    subscript(name: String) -> Node? {
        self.entries.first { $0.name == name && !$0.value.isNull }?.value
    }

    /// The path of one of its keys.
    func path(_ name: String) -> String {
        self.path.isEmpty ? name : "\(self.path).\(name)"
    }
}

extension OperatorFileReader {
    /// A mapping with any keys. Nothing at all counts as an empty one.
    mutating func table(_ node: Node, path: String) -> OperatorFileTable? {
        if node.isNull { return OperatorFileTable(path: path, node: node, entries: []) }
        guard let mapping = node.mapping else {
            self.note(node, "\(path.isEmpty ? "the file" : path) must be a mapping of key: value")
            return nil
        }
        var entries: [OperatorFileTable.Entry] = []
        for (key, value) in mapping {
            if let name = key.scalar?.string {
                entries.append(OperatorFileTable.Entry(name: name, key: key, value: value))
            } else {
                self.note(key, "a key of \(path.isEmpty ? "the file" : path) must be a plain word")
            }
        }
        return OperatorFileTable(path: path, node: node, entries: entries)
    }

    /// A mapping of which the keys are known.
    mutating func table(
        _ node: Node, path: String, required: [String], optional: [String] = []
    ) -> OperatorFileTable? {
        guard let table = self.table(node, path: path) else { return nil }
        let allowed = required + optional
        for entry in table.entries where !allowed.contains(entry.name) {
            self.note(
                entry.key, "\(table.path(entry.name)) is unknown; allowed are \(allowed.joined(separator: ", "))")
        }
        for name in required where !table.entries.contains(where: { $0.name == name }) {
            self.note(node, "\(table.path(name)) is missing; add it")
        }
        return table
    }

    /// A value that must be there. A missing key was noted when the table was read.
    mutating func value<Value>(
        _ table: OperatorFileTable, _ name: String, expected: String, _ read: (String) -> Value?
    ) -> Value? {
        guard let entry = table.entries.first(where: { $0.name == name }) else { return nil }
        if let text = entry.value.scalar?.string, !entry.value.isNull, let value = read(text) { return value }
        self.note(entry.value, "\(table.path(name)) must be \(expected)")
        return nil
    }

    mutating func integer(_ table: OperatorFileTable, _ name: String, in range: ClosedRange<Int>) -> Int? {
        self.value(table, name, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A limit, or `nil` for none; a key that is left out is none too.
    mutating func limit(_ table: OperatorFileTable, _ name: String, in range: ClosedRange<Int>) -> Int? {
        guard table[name] != nil else { return nil }
        return self.value(
            table, name,
            expected: "a whole number from \(range.lowerBound) to \(range.upperBound), or null for no limit"
        ) { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    mutating func duration(
        _ table: OperatorFileTable, _ name: String, in range: ClosedRange<Duration>
    ) -> Duration? {
        let bounds = "from \(range.lowerBound.shorthand) to \(range.upperBound.shorthand)"
        return self.value(table, name, expected: "a duration \(bounds), written like 500ms, 90s, 15m, 2h or 30d") {
            text in
            Duration(shorthand: text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension Node {
    /// Nothing, `null` or `~`.
    var isNull: Bool {
        guard let scalar = self.scalar, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null"].contains(scalar.string)
    }
}
