/// Counts, line by line, what would cost the parser more than linear time.
struct MarkdownLimits {
    private let options: MarkdownRenderer.Options
    private var cells = 0
    private var columns = 0
    private var blockMarkup = 0

    init(options: MarkdownRenderer.Options) {
        self.options = options
    }

    /// The most characters with a meaning that one paragraph may hold: some constructs cost the square of it.
    private static let maximumBlockMarkup = 6000

    /// Takes the next line, without its end.
    mutating func check(_ line: ArraySlice<UInt8>, number: Int) throws(MarkdownError) {
        let marks = Self.marks(of: line)
        guard !marks.isBlank else {
            self.columns = 0
            self.blockMarkup = 0
            return
        }
        let depth = Self.containerDepth(line)
        guard depth <= self.options.maximumDepth || Self.isRule(line) else {
            throw MarkdownError(
                code: .tooDeep, message: "line \(number): more than \(self.options.maximumDepth) levels")
        }
        if marks.mayDelimitTable { self.columns = max(self.columns, marks.pipes + 1) }
        // Rows shorter than the head are filled up, so a row costs as much as the head is wide.
        self.cells += max(self.columns > 1 ? self.columns : 0, marks.pipes)
        guard self.cells <= self.options.maximumTableCells else {
            throw MarkdownError(
                code: .tooManyCells, message: "line \(number): more than \(self.options.maximumTableCells) table cells")
        }
        self.blockMarkup = Self.beginsItem(line) ? marks.markup : self.blockMarkup + marks.markup
        guard self.blockMarkup <= Self.maximumBlockMarkup else {
            throw MarkdownError(code: .tooComplex, message: "line \(number): the paragraph has too much markup")
        }
    }

    private static func marks(
        of line: ArraySlice<UInt8>
    ) -> (isBlank: Bool, mayDelimitTable: Bool, pipes: Int, markup: Int) {
        var result = (isBlank: true, mayDelimitTable: true, pipes: 0, markup: 0)
        for byte in line {
            switch byte {
            case 0x20, 0x09: continue
            case UInt8(ascii: "|"): result.pipes += 1
            case UInt8(ascii: "-"), UInt8(ascii: ":"): break
            // May stand before a table inside a quote.
            case UInt8(ascii: ">"): result.markup += 1
            case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "*"), UInt8(ascii: "_"), UInt8(ascii: "`"),
                UInt8(ascii: "<"), UInt8(ascii: "~"), UInt8(ascii: "!"), UInt8(ascii: "("), UInt8(ascii: ")"),
                UInt8(ascii: "&"), UInt8(ascii: "\\"), UInt8(ascii: "@"), UInt8(ascii: "?"):
                result.markup += 1
                result.mayDelimitTable = false
            default:
                result.mayDelimitTable = false
            }
            result.isBlank = false
        }
        return result
    }

    /// A bullet and a space end the paragraph before, unless the line is indented.
    private static func beginsItem(_ line: ArraySlice<UInt8>) -> Bool {
        guard let first = line.first, "-+*".utf8.contains(first), line.count > 2 else { return false }
        // An item without content would end nothing.
        return line[line.startIndex + 1] == 0x20 && line[line.startIndex + 2] > 0x20
    }

    /// How many quotes and list items could begin on the line, by its leading marks and indentation.
    private static func containerDepth(_ line: ArraySlice<UInt8>) -> Int {
        var marks = 0
        var columns = 0
        var digits = 0
        scan: for byte in line {
            switch byte {
            case 0x20: columns += 1
            case 0x09: columns += 4
            case UInt8(ascii: ">"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "*"): marks += 1
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits += 1
                if digits > 9 { break scan }
                continue
            case UInt8(ascii: "."), UInt8(ascii: ")"):
                guard digits > 0 else { break scan }
                marks += 1
            default: break scan
            }
            digits = 0
        }
        return max(marks, columns / 4)
    }

    /// A thematic break or a table's delimiter row: all marks, but none that a space would make an item.
    private static func isRule(_ line: ArraySlice<UInt8>) -> Bool {
        var previous: UInt8 = 0x20
        var runs = 0
        for byte in line {
            guard "-* \t|:".utf8.contains(byte) else { return false }
            if byte == UInt8(ascii: "-") || byte == UInt8(ascii: "*"), previous == 0x20 { runs += 1 }
            previous = byte
        }
        return runs <= 64
    }
}
