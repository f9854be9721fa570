/// Reads commands of a shell, and sessions with what the commands printed.
struct ShellScanner {
    let text: CodeText

    private static let keywords: Set<String> = [
        "if", "then", "else", "elif", "fi", "for", "in", "do", "done", "while", "until", "case", "esac", "function",
        "return", "export", "local", "source", "sudo", "exit", "set", "unset",
    ]
    /// Keywords after which a command begins.
    private static let leaders: Set<String> = ["if", "then", "else", "elif", "do", "while", "until", "sudo"]

    func scan(isSession: Bool, into tokens: inout CodeTokens) {
        guard isSession else {
            self.scanCommands(0..<self.text.end, into: &tokens)
            return
        }
        var index = 0
        var isContinued = false
        while index < self.text.end, !tokens.isFull {
            let end = self.text.lineEnd(from: index)
            let hasPrompt = self.endOfPrompt(at: index) != nil
            if isContinued || hasPrompt {
                self.scanCommands(index..<end, into: &tokens)
                isContinued = end > index && self.text[end - 1] == UInt8(ascii: "\\")
            }
            index = end + 1
        }
    }

    /// A line's `$ `, `# ` or `> `, or with a name before it, `user@host:~$ `.
    private func endOfPrompt(at start: Int) -> Int? {
        let sign = self.text.end(of: start) { $0.isWord || "@:~/.-".utf8.contains($0) }
        guard "$#>".utf8.contains(self.text[sign]), self.text[sign + 1] == 0x20 else { return nil }
        // A name alone is a word of a command: `ls > file`.
        guard sign == start || self.text.bytes[start..<sign].contains(UInt8(ascii: "@")) else { return nil }
        return sign + 1
    }

    private func scanCommands(_ range: Range<Int>, into tokens: inout CodeTokens) {
        let text = CodeText(self.text.bytes, end: range.upperBound)
        var index = range.lowerBound
        var isCommand = true
        while index < text.end, !tokens.isFull {
            let isLineStart = index == range.lowerBound || text[index - 1] == UInt8(ascii: "\n")
            let isWordStart = isLineStart || text[index - 1].isSpace || ";|&()".utf8.contains(text[index - 1])
            if isLineStart, text[index] == UInt8(ascii: "$") || index == range.lowerBound,
                let prompt = self.endOfPrompt(at: index), text[index] != UInt8(ascii: "#")
            {
                tokens.add(.prompt, index..<prompt)
                index = prompt
                isCommand = true
                continue
            }
            let end: Int
            switch text[index] {
            case UInt8(ascii: "#") where isWordStart:
                end = text.lineEnd(from: index)
                tokens.add(.comment, index..<end)
            case let quote where quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"):
                end = min(
                    text.end,
                    text.endOfString(
                        from: index + 1, quote: quote, hasEscapes: quote == UInt8(ascii: "\""), maySpanLines: true))
                tokens.add(.string, index..<end)
                isCommand = false
            case UInt8(ascii: "$"):
                end = Self.endOfVariable(at: index, in: text)
                if end > index + 1 { tokens.add(.variable, index..<end) }
                isCommand = text[end] == UInt8(ascii: "(")
            case UInt8(ascii: "\n"), UInt8(ascii: ";"), UInt8(ascii: "|"), UInt8(ascii: "&"), UInt8(ascii: "("):
                isCommand = index == range.lowerBound || text[index - 1] != UInt8(ascii: "\\")
                end = index + 1
            case let byte where byte.isSpace: end = index + 1
            default:
                end = max(index + 1, text.end(of: index) { !$0.isSpace && !";|&()$\"'<>".utf8.contains($0) })
                if isWordStart { self.addWord(index..<end, &isCommand, in: text, into: &tokens) }
            }
            index = end
        }
    }

    private func addWord(
        _ range: Range<Int>, _ isCommand: inout Bool, in text: CodeText, into tokens: inout CodeTokens
    ) {
        let word = text.text(range)
        if Self.keywords.contains(word) {
            tokens.add(.keyword, range)
            isCommand = Self.leaders.contains(word)
        } else if word.hasPrefix("-"), range.count > 1 {
            tokens.add(.attribute, range)
        } else if isCommand, let sign = word.firstIndex(of: "="), word[..<sign].utf8.allSatisfy(\.isWord) {
            // `NAME=value` stands before the command.
            tokens.add(.variable, range.lowerBound..<range.lowerBound + word[..<sign].utf8.count)
        } else if isCommand {
            tokens.add(.name, range)
            isCommand = false
        } else if word.utf8.allSatisfy({ $0.isDigit || $0 == UInt8(ascii: ".") }) {
            tokens.add(.number, range)
        }
    }

    /// `$name`, `${…}` or a sign such as `$?`.
    private static func endOfVariable(at index: Int, in text: CodeText) -> Int {
        switch text[index + 1] {
        case UInt8(ascii: "{"):
            let end = text.end(of: index + 2) { $0 != UInt8(ascii: "}") && $0 != UInt8(ascii: "\n") }
            return text[end] == UInt8(ascii: "}") ? end + 1 : end
        case let byte where byte.isWordStart && byte < 0x80:
            return text.end(of: index + 1) { $0.isWord && $0 < 0x80 }
        case let byte where byte.isDigit || "?#@*!$".utf8.contains(byte): return index + 2
        default: return index + 1
        }
    }
}
