import Textbook

/// What can be said of a piece of code from its comments and names, without running or parsing it.
struct CodeReading {
    struct Comment: Hashable {
        /// From 1, within the block.
        var line: Int
        var text: String
    }

    let language: CodeLanguage
    private(set) var lines = 0
    private(set) var imports: [String] = []
    private(set) var definitions: [String] = []
    private(set) var values: [String] = []
    /// Programs called by commands, or names that stand before a value.
    private(set) var names: [String] = []
    private var remarks: [Comment] = []
    private(set) var repeats = false
    private(set) var decides = false
    private(set) var returns = false

    /// Code beyond this many lines is not looked at.
    private static let lineLimit = 400

    init(_ fence: Fence, in body: [UInt8]) {
        self.language = CodeLanguage(info: fence.language)
        let code = String(decoding: body[fence.content], as: UTF8.self)
        for line in code.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            self.lines += 1
            if self.lines <= Self.lineLimit { self.read(line) }
        }
        // The newline of the last line opens no line of its own.
        if code.last?.isNewline == true { self.lines -= 1 }
    }

    private mutating func read(_ line: Substring) {
        let (code, remark) = Self.divide(line, at: self.language.remark)
        if let remark { self.note(remark) }
        let words = code.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".") }
        guard let first = words.first else { return }
        switch self.language.kind {
        case .program: self.readProgram(code, words, first)
        case .shell: self.readCommand(code)
        case .data: self.readData(code)
        case .output: break
        }
    }

    private mutating func readProgram(_ code: Substring, _ words: [Substring], _ first: Substring) {
        let definers: Set<Substring> = ["def", "class", "func", "function", "fn", "struct", "interface", "enum"]
        if first == "import" || first == "from" || first == "use" || first == "using" {
            if words.count > 1 { Self.add(words[1].prefix { $0 != "." }, to: &self.imports) }
        } else if let place = words.prefix(3).firstIndex(where: definers.contains), place + 1 < words.count {
            Self.add(words[place + 1], to: &self.definitions)
        } else if code.first?.isLetter == true || code.first == "_",
            let equals = code.firstIndex(of: "="), code[..<equals].allSatisfy({ Self.isNamePart($0) || $0 == " " }),
            code[code.index(after: equals)...].first != "=", words.first?.contains(".") == false
        {
            Self.add(first, to: &self.values)
        }
        if ["for", "while", "loop", "repeat"].contains(first) { self.repeats = true }
        if ["if", "elif", "switch", "match"].contains(first) { self.decides = true }
        if first == "return" { self.returns = true }
    }

    private mutating func readCommand(_ code: Substring) {
        var words = code.split(separator: " ")
        if words.first == "$" || words.first == ">" { words.removeFirst() }
        if words.first == "sudo" { words.removeFirst() }
        guard let program = words.first, code.first?.isWhitespace == false else { return }
        Self.add(program, to: &self.names)
    }

    private mutating func readData(_ code: Substring) {
        let trimmed = code.drop { $0.isWhitespace || $0 == "-" || $0 == "\"" || $0 == "<" }
        let name = trimmed.prefix(while: Self.isNamePart)
        let rest = trimmed[name.endIndex...].drop { $0 == "\"" }
        guard let next = rest.first, next == ":" || next == "=" || next == " " || next == ">" else { return }
        Self.add(name, to: &self.names)
    }

    /// The three remarks that say most, in their order.
    var comments: [Comment] {
        let ranked = self.remarks.enumerated().sorted {
            ($1.element.text.count, $0.offset) < ($0.element.text.count, $1.offset)
        }
        return ranked.prefix(3).map(\.element).sorted { $0.line < $1.line }
    }

    private mutating func note(_ remark: Substring) {
        let text = remark.drop { $0.isWhitespace || "#/-*!".contains($0) }
        let isProse = text.split(separator: " ").count >= 3 && text.count <= 100
        let hostile: Set<Character> = ["<", ">", "`", "[", "]", "|", "\\", "*", "_", "$", "⟦", "⟧", "“", "”"]
        guard self.remarks.count < 40, isProse, !text.contains("://"), !text.contains(where: hostile.contains) else {
            return
        }
        let end = text.lastIndex { !$0.isWhitespace && $0 != "." } ?? text.startIndex
        self.remarks.append(Comment(line: self.lines, text: String(text[...end])))
    }

    /// The code and the remark of a line; a mark inside quotation marks opens no remark.
    private static func divide(_ line: Substring, at mark: String) -> (Substring, Substring?) {
        guard !mark.isEmpty else { return (line, nil) }
        var quote: Character?
        var index = line.startIndex
        while index < line.endIndex {
            let character = line[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if line[index...].hasPrefix(mark) {
                return (line[..<index], line[index...].dropFirst(mark.count))
            }
            index = line.index(after: index)
        }
        return (line, nil)
    }

    private static func isNamePart(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || character == "_")
    }

    /// Adds a name that can be shown between backticks, once, up to five of them.
    private static func add(_ name: Substring, to names: inout [String]) {
        let text = String(name)
        let isPlain = !text.isEmpty && text.count <= 40 && text.allSatisfy { Self.isNamePart($0) || "./-".contains($0) }
        guard isPlain, names.count < 5, !names.contains(text) else { return }
        names.append(text)
    }
}
