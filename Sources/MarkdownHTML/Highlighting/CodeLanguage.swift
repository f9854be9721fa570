/// How code of a language is read.
enum CodeLanguage: Sendable {
    case program(ProgramGrammar)
    /// Commands; in a session, lines without a prompt are what the commands printed.
    case shell(isSession: Bool)
    case markup
    case yaml

    /// `nil` for a name that stands for no language known here: such code stays as it is.
    init?(named name: some StringProtocol) {
        switch name.lowercased() {
        case "python", "py", "python3", "pycon": self = .program(.python)
        case "c", "h", "c++", "cpp", "cc", "cxx", "hpp", "arduino", "ino": self = .program(.c)
        case "swift": self = .program(.swift)
        case "json", "json5", "jsonc": self = .program(.json)
        case "bash", "sh", "shell", "zsh": self = .shell(isSession: false)
        case "console", "shell-session", "terminal": self = .shell(isSession: true)
        case "xml", "html", "urdf", "xacro", "sdf", "svg", "launch": self = .markup
        case "yaml", "yml": self = .yaml
        default: return nil
        }
    }

    /// The tokens of a code, at most so many, in time that grows with its length.
    func tokens(of bytes: [UInt8], maximum: Int) -> [CodeToken] {
        let text = CodeText(bytes)
        var tokens = CodeTokens(maximum: maximum)
        switch self {
        case .program(let grammar):
            var scanner = ProgramScanner(grammar: grammar, text: text)
            scanner.scan(into: &tokens)
        case .shell(let isSession): ShellScanner(text: text).scan(isSession: isSession, into: &tokens)
        case .markup: MarkupScanner(text: text).scan(into: &tokens)
        case .yaml: YAMLScanner(text: text).scan(into: &tokens)
        }
        return tokens.list
    }
}
