/// One pass over a text: the open containers, the open leaf, and the top-level block they belong to.
struct BlockScan {
    /// Deeper containers than this are text; it bounds the work per line.
    static let maximumDepth = 64

    /// Something that holds other blocks.
    enum Container {
        case admonition(colons: Int)
        case quote
        /// `width` columns of indentation make a line part of the item.
        case item(width: Int, isEmpty: Bool)

        var isAdmonition: Bool {
            if case .admonition = self { true } else { false }
        }
    }

    /// The innermost open block, where lines of text go.
    enum Leaf {
        case none
        case paragraph
        case fence(marker: UInt8, length: Int)
        case indentedCode
        case html(HTMLBlockStart)
        case table
        /// A block whose end is known: its lines begin before this offset.
        case until(Int)

        var isParagraph: Bool {
            if case .paragraph = self { true } else { false }
        }

        /// Whether `:::` and blank lines inside mean nothing.
        var isOpaque: Bool {
            switch self {
            case .fence, .until: true
            case .html(let start): start.ignoresBlankLines
            case .none, .paragraph, .indentedCode, .table: false
            }
        }
    }

    /// The top-level block that grows.
    struct Top {
        var kind: Block.Kind
        var start: Int
        var firstLine: Int
        /// The marker of a list's latest top-level item.
        var listMarker: ListMarker?
    }

    let bytes: Bytes
    let range: Range<Int>
    var containers: [Container] = []
    var leaf = Leaf.none
    var top: Top?
    private var blocks: [Block] = []
    /// Where blank lines begin that may or may not belong to the open block.
    private var blanks: (start: Int, line: Int)?
    var jsx = JSXElement()
    /// Set once no `$$` closes any more.
    var hasNoMathEnd = false
    /// Whether an admonition inside the open one ended only because an outer one did.
    var hasCutOffAdmonition = false
    /// The text of the open paragraph's last line.
    var lastTextLine = 0..<0

    /// The line being read: its bytes without and with the line ending, and its number.
    private(set) var line = 0..<0
    private(set) var nextLine = 0
    private(set) var lineNumber: Int
    /// Where the line before begins.
    private var previousLine = 0

    init(bytes: Bytes, range: Range<Int>, firstLine: Int) {
        self.bytes = bytes
        self.range = range
        self.lineNumber = firstLine
        self.nextLine = range.lowerBound
    }

    mutating func run() -> [Block] {
        self.blocks.reserveCapacity(self.range.count / 64 + 1)
        self.readFrontMatter()
        while self.nextLine < self.range.upperBound {
            self.previousLine = self.line.lowerBound
            self.readLine()
            self.takeLine()
            self.lineNumber += 1
        }
        self.flush(before: self.range.upperBound)
        if let blanks = self.blanks {
            self.append(.blank, blanks.start..<self.range.upperBound, line: blanks.line)
        }
        return self.blocks
    }

    private func isLineEnd(_ place: Int) -> Bool {
        if self.bytes[place] == .lineFeed { return true }
        guard self.bytes[place] == .carriageReturn else { return false }
        return place + 1 >= self.bytes.count || self.bytes[place + 1] != .lineFeed
    }

    private mutating func readLine() {
        let start = self.nextLine
        var end = start
        while end < self.range.upperBound, self.bytes[end] != .lineFeed, self.bytes[end] != .carriageReturn { end += 1 }
        self.line = start..<end
        if end < self.range.upperBound, self.bytes[end] == .carriageReturn { end += 1 }
        if end < self.range.upperBound, self.bytes[end] == .lineFeed,
            end == self.line.upperBound || self.bytes[end - 1] == .carriageReturn
        {
            end += 1
        }
        self.nextLine = end
    }

    private mutating func readFrontMatter() {
        guard self.range.lowerBound == 0 else { return }
        let span = FrontMatterSpan(self.bytes, end: self.range.upperBound)
        guard let span, let end = span.end else { return }
        self.append(.frontMatter, 0..<end, line: 1)
        for place in 0..<end where self.isLineEnd(place) { self.lineNumber += 1 }
        self.nextLine = end
    }

    // The line belongs to the open block, or to none, or begins one.

    /// The line goes on with the open top-level block.
    mutating func continueTop() {
        self.blanks = nil
    }

    /// A blank line that ends the open block, unless that goes on after it.
    mutating func takeBlank() {
        if self.blanks == nil { self.blanks = (self.line.lowerBound, self.lineNumber) }
    }

    /// A top-level block begins with this line.
    mutating func beginTop(_ kind: Block.Kind, marker: ListMarker? = nil) {
        self.flush(before: self.line.lowerBound)
        if let blanks = self.blanks {
            self.append(.blank, blanks.start..<self.line.lowerBound, line: blanks.line)
            self.blanks = nil
        }
        self.top = Top(kind: kind, start: self.line.lowerBound, firstLine: self.lineNumber, listMarker: marker)
    }

    /// The open paragraph's last line turned out to be a table's header row.
    mutating func turnLastLineIntoTable() {
        guard var top = self.top, self.containers.isEmpty else { return }
        if top.start < self.previousLine {
            self.append(self.finalKind(of: top), top.start..<self.previousLine, line: top.firstLine)
            top.start = self.previousLine
            top.firstLine = self.lineNumber - 1
        }
        top.kind = .table
        self.top = top
    }

    private mutating func flush(before end: Int) {
        guard var top = self.top else { return }
        self.top = nil
        let end = self.blanks?.start ?? end
        if case .fence(var fence) = top.kind, !fence.isClosed {
            fence.content = Swift.min(fence.content.lowerBound, end)..<end
            top.kind = .fence(fence)
        }
        if case .admonition(var admonition) = top.kind, !admonition.isClosed {
            admonition.content = Swift.min(admonition.content.lowerBound, end)..<end
            top.kind = .admonition(admonition)
        }
        self.append(self.finalKind(of: top), top.start..<end, line: top.firstLine)
    }

    private func finalKind(of top: Top) -> Block.Kind {
        guard case .paragraph = top.kind else { return top.kind }
        var end = top.start
        while end < self.range.upperBound, !self.isLineEnd(end), self.bytes[end] != .carriageReturn { end += 1 }
        let first = self.bytes.trimmed(top.start..<end)
        if first.lowerBound == top.start, BlockStart.isModuleStatement(self.bytes, first) { return .moduleStatement }
        return self.bytes.spells("{/*", at: first.lowerBound, before: first.upperBound) ? .comment : .paragraph
    }

    private mutating func append(_ kind: Block.Kind, _ range: Range<Int>, line: Int) {
        guard !range.isEmpty else { return }
        self.blocks.append(Block(kind: kind, range: range, firstLine: line))
    }
}
