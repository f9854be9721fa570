import Textbook

/// A block, with the headings and small remarks that lead to it.
struct ChunkerUnit {
    /// Where what leads to the block begins, in bytes.
    var start: Int
    /// Where the block itself begins.
    var blockStart: Int
    /// Where the next unit begins.
    var end: Int
    var kind: Block.Kind
    var tokens: Int
    /// The headings above it as plain text, without the lesson's title.
    var path: [String]
    /// Changes with every heading of level 1 and 2.
    var region: Int
}

/// The units of one lesson; they follow each other without a gap.
struct ChunkerUnits {
    /// More characters of a heading than this do not name a place.
    private static let maximumHeading = 200

    private let bytes: [UInt8]
    /// More tokens than this are not put before a block but stand for themselves.
    private let maximumLead: Int
    /// The text of the first heading, if that is of level 1: the lesson's title.
    private(set) var title: String?

    private var units: [ChunkerUnit] = []
    private var headings: [(level: Int, text: String)] = []
    private var region = 0
    private var isFirstHeading = true
    /// Headings and remarks that wait for the block they lead to.
    private var lead: (start: Int, end: Int, tokens: Int)?

    init(bytes: [UInt8], maximumLead: Int) {
        self.bytes = bytes
        self.maximumLead = maximumLead
    }

    /// - Parameter limit: a unit that is larger, in tokens, is not made larger still.
    mutating func collect(limit: Int) -> [ChunkerUnit] {
        for block in BlockScanner.scan(self.bytes) {
            switch block.kind {
            case .frontMatter:
                continue
            case .blank:
                self.extendLast(to: block.range.upperBound)
            case .heading(let heading):
                self.enter(heading)
                self.take(block, isLead: true)
            case .comment, .moduleStatement, .thematicBreak:
                self.take(block, isLead: true)
            default:
                self.take(block, isLead: false)
            }
        }
        self.endLead(limit: limit)
        return self.units
    }

    private mutating func enter(_ heading: Heading) {
        let text = String(InlineText.plain(String(heading.text.prefix(2_000))).prefix(ChunkerUnits.maximumHeading))
        self.headings.removeAll { $0.level >= heading.level }
        if self.isFirstHeading, heading.level == 1 {
            self.title = text
        } else {
            self.headings.append((heading.level, text))
        }
        self.isFirstHeading = false
        if heading.level <= 2 { self.region += 1 }
    }

    private mutating func take(_ block: Block, isLead: Bool) {
        let tokens = ChunkerTokens.count(self.bytes[block.range])
        let waiting = self.lead?.tokens ?? 0
        if isLead, waiting + tokens <= self.maximumLead {
            self.lead = (self.lead?.start ?? block.range.lowerBound, block.range.upperBound, waiting + tokens)
            return
        }
        self.units.append(
            ChunkerUnit(
                start: self.lead?.start ?? block.range.lowerBound, blockStart: block.range.lowerBound,
                end: block.range.upperBound, kind: block.kind, tokens: waiting + tokens,
                path: self.headings.map(\.text), region: self.region))
        self.lead = nil
    }

    private mutating func extendLast(to end: Int) {
        if self.lead != nil {
            self.lead?.end = end
        } else if !self.units.isEmpty {
            self.units[self.units.count - 1].end = end
        }
    }

    /// Headings at the very end lead nowhere: they join the last block, or stand alone.
    private mutating func endLead(limit: Int) {
        guard let lead = self.lead else { return }
        if let last = self.units.indices.last, self.units[last].tokens + lead.tokens <= limit {
            self.units[last].end = lead.end
            self.units[last].tokens += lead.tokens
        } else {
            self.units.append(
                ChunkerUnit(
                    start: lead.start, blockStart: lead.start, end: lead.end, kind: .paragraph, tokens: lead.tokens,
                    path: self.headings.map(\.text), region: self.region))
        }
    }
}
