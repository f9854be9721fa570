/// Counts, line by line, what would cost the parser more than linear time.
struct MarkdownLimits {
    private let options: MarkdownRenderer.Options
    private var cells = 0
    private var columns = 0
    private var paragraphMarkup = 0

    init(options: MarkdownRenderer.Options) {
        self.options = options
    }

    /// The most characters with a meaning (brackets, emphasis, code, angles) between two blank lines.
    private static let maximumParagraphMarkup = 20_000

    mutating func check(_ line: Substring, number: Int) throws(MarkdownError) {
        guard Self.containerDepth(line) <= self.options.maximumDepth else {
            throw MarkdownError(
                code: .tooDeep, message: "line \(number): more than \(self.options.maximumDepth) levels")
        }
        var isBlank = true
        var mayDelimitTable = true
        var pipes = 0
        var markup = 0
        for byte in line.utf8 {
            switch byte {
            case 0x20, 0x09: continue
            case UInt8(ascii: "|"): pipes += 1
            case UInt8(ascii: "-"), UInt8(ascii: ":"): break
            case UInt8(ascii: ">"):
                // May stand before a table inside a quote.
                markup += 1
            case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "*"), UInt8(ascii: "_"), UInt8(ascii: "`"),
                UInt8(ascii: "<"), UInt8(ascii: "~"), UInt8(ascii: "!"), UInt8(ascii: "("), UInt8(ascii: "&"),
                UInt8(ascii: "\\"), UInt8(ascii: "@"):
                markup += 1
                mayDelimitTable = false
            default:
                mayDelimitTable = false
            }
            isBlank = false
        }
        if isBlank {
            self.columns = 0
            self.paragraphMarkup = 0
            return
        }
        if mayDelimitTable { self.columns = max(self.columns, pipes + 1) }
        // Rows shorter than the head are filled up, so a row costs as much as the head is wide.
        self.cells += max(self.columns > 1 ? self.columns : 0, pipes)
        guard self.cells <= self.options.maximumTableCells else {
            throw MarkdownError(
                code: .tooManyCells, message: "line \(number): more than \(self.options.maximumTableCells) table cells")
        }
        self.paragraphMarkup += markup
        guard self.paragraphMarkup <= Self.maximumParagraphMarkup else {
            throw MarkdownError(code: .tooComplex, message: "line \(number): the paragraph has too much markup")
        }
    }

    /// How many quotes and list items could begin on the line, by its leading marks and indentation.
    private static func containerDepth(_ line: Substring) -> Int {
        var marks = 0
        var columns = 0
        var digits = 0
        scan: for byte in line.utf8 {
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
        // A thematic break or a table's delimiter row is all marks and nests nothing.
        let isRule =
            line.utf8.allSatisfy { "-*+ \t|:".utf8.contains($0) } && !line.contains("- -") && !line.contains("* *")
            && !line.contains("+ +")
        return isRule ? 0 : max(marks, columns / 4)
    }
}
