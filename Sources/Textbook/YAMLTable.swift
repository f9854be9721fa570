import Yams

/// A YAML mapping with its lines, from a text of which nothing is trusted.
struct YAMLTable {
    private let mapping: Node.Mapping
    /// What to add to the parser's line numbers.
    private let lineOffset: Int
    /// The line the mapping begins at.
    let line: Int

    /// Deeper brackets than this are refused.
    private static let maximumDepth = 32
    /// More brackets than this in one text are refused.
    private static let maximumBrackets = 20_000

    private init(_ mapping: Node.Mapping, lineOffset: Int, line: Int) {
        self.mapping = mapping
        self.lineOffset = lineOffset
        self.line = line
    }

    /// Reads a text that must be one mapping; an empty text is `nil`.
    static func parse(_ bytes: ArraySlice<UInt8>, firstLine: Int) throws(YAMLProblem) -> YAMLTable? {
        if let place = UTF8Check.firstInvalid(bytes) {
            throw YAMLProblem(line: firstLine, message: "the text is not UTF-8 at byte \(place)")
        }
        try self.refuseBombs(bytes, firstLine: firstLine)
        let root: Node?
        do {
            root = try Parser(yaml: String(decoding: bytes, as: UTF8.self)).singleRoot()
        } catch let error as YamlError {
            throw self.problem(error, firstLine: firstLine)
        } catch {
            throw YAMLProblem(line: firstLine, message: "the text is no YAML")
        }
        guard let root, !self.isNull(root) else { return nil }
        guard let mapping = root.mapping else {
            throw YAMLProblem(line: firstLine, message: "the text must be a list of key: value lines")
        }
        return YAMLTable(mapping, lineOffset: firstLine - 1, line: firstLine)
    }

    /// The value of a key; an empty value counts as none.
    func node(_ key: String) -> Node? {
        for (name, value) in self.mapping where name.scalar?.string == key {
            return YAMLTable.isNull(value) ? nil : value
        }
        return nil
    }

    func line(of node: Node) -> Int {
        (node.mark?.line ?? 1) + self.lineOffset
    }

    func table(_ node: Node) -> YAMLTable? {
        node.mapping.map { YAMLTable($0, lineOffset: self.lineOffset, line: self.line(of: node)) }
    }

    /// A node's text as written, `nil` for lists and mappings.
    static func text(_ node: Node) -> String? {
        node.scalar?.string
    }

    private static func isNull(_ node: Node) -> Bool {
        guard let scalar = node.scalar, scalar.style == .plain || scalar.style == .any else { return false }
        return scalar.string.isEmpty || scalar.string == "~" || scalar.string == "null"
    }

    private static func problem(_ error: YamlError, firstLine: Int) -> YAMLProblem {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            YAMLProblem(line: mark.line + firstLine - 1, message: "YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            YAMLProblem(
                line: context.mark.line + firstLine - 1,
                message: "the key \(duplicates.sorted().first.map { "\"\($0.prefix(80))\"" } ?? "") stands twice")
        default:
            YAMLProblem(line: firstLine, message: "the text is no YAML")
        }
    }

    /// Refuses what could grow beyond all bounds while it is read: aliases, which a few lines can nest to millions of
    /// values, and nesting deep enough to exhaust the stack.
    private static func refuseBombs(_ bytes: ArraySlice<UInt8>, firstLine: Int) throws(YAMLProblem) {
        var line = firstLine
        var depth = 0
        var brackets = 0
        var dashes = 0
        var isLineStart = true
        var anchors: Set<ArraySlice<UInt8>> = []
        var aliases: [ArraySlice<UInt8>: Int] = [:]
        for place in bytes.indices {
            let byte = bytes[place]
            if byte == .lineFeed {
                line += 1
                dashes = 0
                isLineStart = true
                continue
            }
            if isLineStart {
                let isDash = byte == UInt8(ascii: "-") || byte == UInt8(ascii: "?")
                if isDash, place + 1 < bytes.endIndex, bytes[place + 1].isSpaceOrTab { dashes += 1 }
                if !isDash, !byte.isSpaceOrTab { isLineStart = false }
            }
            switch byte {
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                brackets += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth = max(0, depth - 1)
            case UInt8(ascii: "&"), UInt8(ascii: "*"):
                let name = bytes[(place + 1)...].prefix {
                    $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
                }
                if name.isEmpty { continue }
                if byte == UInt8(ascii: "&") { anchors.insert(name) } else { aliases[name] = line }
            default:
                break
            }
            guard depth <= self.maximumDepth, brackets <= self.maximumBrackets, dashes <= self.maximumDepth else {
                throw YAMLProblem(line: line, message: "the YAML is nested too deeply")
            }
        }
        if let alias = aliases.filter({ anchors.contains($0.key) }).min(by: { $0.value < $1.value }) {
            throw YAMLProblem(line: alias.value, message: "YAML anchors and aliases are not accepted")
        }
    }
}

/// Reads typed values from a table and collects what was wrong with them.
struct YAMLValues {
    /// The most bytes of a title, a description or any other text.
    private static let maximumTextBytes = 2_000

    let table: YAMLTable
    private(set) var problems: [YAMLProblem] = []

    init(_ table: YAMLTable) {
        self.table = table
    }

    /// A text without white space around it; an empty one counts as none.
    mutating func text(_ key: String) -> String? {
        guard let node = self.table.node(key) else { return nil }
        guard let text = YAMLTable.text(node).map({ TextTrim.trimmed($0) }) else {
            self.note(node, "\(key) must be a text")
            return nil
        }
        if text.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\n" || $0.value == 0x7F }) {
            self.note(node, "\(key) holds control characters")
            return nil
        }
        guard text.utf8.count <= YAMLValues.maximumTextBytes else {
            self.note(node, "\(key) has more than \(YAMLValues.maximumTextBytes) bytes")
            return nil
        }
        return text.isEmpty ? nil : text
    }

    mutating func value<T>(_ key: String, expected: String, _ parse: (String) -> T?) -> T? {
        guard let node = self.table.node(key) else { return nil }
        if let text = YAMLTable.text(node), let value = parse(TextTrim.trimmed(text)) { return value }
        self.note(node, "\(key) must be \(expected)")
        return nil
    }

    mutating func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        self.value(key, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A list of texts; a single text counts as a list of one.
    mutating func texts(_ key: String) -> [String] {
        guard let node = self.table.node(key) else { return [] }
        if let text = YAMLTable.text(node) { return [TextTrim.trimmed(text)] }
        guard let items = node.sequence.map({ $0.map(YAMLTable.text) }), !items.contains(nil) else {
            self.note(node, "\(key) must be a list of texts")
            return []
        }
        return items.compactMap { $0 }.map { TextTrim.trimmed($0) }
    }

    mutating func integers(_ key: String, in range: ClosedRange<Int>) -> [Int] {
        let texts = self.texts(key)
        let numbers = texts.compactMap { Int($0) }.filter(range.contains)
        if numbers.count < texts.count, let node = self.table.node(key) {
            self.note(node, "\(key) must be a list of whole numbers")
        }
        return numbers
    }

    /// A list of tables, such as the parts of a book.
    mutating func tables(_ key: String) -> [YAMLTable] {
        guard let node = self.table.node(key) else { return [] }
        guard let items = node.sequence else {
            self.note(node, "\(key) must be a list")
            return []
        }
        var tables: [YAMLTable] = []
        for item in items {
            if let table = self.table.table(item) {
                tables.append(table)
            } else {
                self.note(item, "each entry of \(key) must hold key: value lines")
            }
        }
        return tables
    }

    private mutating func note(_ node: Node, _ message: String) {
        self.problems.append(YAMLProblem(line: self.table.line(of: node), message: message))
    }
}
