import SemanticIndex

/// A few words of a chunk, with the query's words set apart, and without most of the marks of Markdown: text, never
/// markup.
enum SearchSnippet {
    struct Piece: Hashable {
        var text: String
        /// A word of the query.
        var isMatch: Bool
    }

    /// How much of a chunk is shown where no word of the query stands in it, in characters.
    private static let plainLength = 200

    static func pieces(of result: SearchResult) -> [Piece] {
        guard !result.highlights.isEmpty else { return self.beginning(of: result.text) }
        var pieces: [Piece] = []
        for highlight in result.highlights {
            if !pieces.isEmpty { pieces.append(Piece(text: " … ", isMatch: false)) }
            pieces += self.pieces(of: highlight)
        }
        return pieces
    }

    static func pieces(of highlight: SearchHighlight) -> [Piece] {
        let units = Array(highlight.text.utf16)
        var marks = [Bool](repeating: false, count: units.count)
        for match in highlight.matches {
            for place in match.start..<match.end where marks.indices.contains(place) { marks[place] = true }
        }
        let kept = self.withoutMarks(units)
        var pieces: [Piece] = []
        var start = 0
        // Cut where a match begins or ends; what lies in between is kept or left out by itself.
        while start < units.count {
            let end = marks[start...].firstIndex(of: !marks[start]) ?? units.count
            let text = String(decoding: (start..<end).compactMap { kept[$0] }, as: UTF16.self)
            if !text.isEmpty { pieces.append(Piece(text: text, isMatch: marks[start])) }
            start = end
        }
        return pieces
    }

    private static func beginning(of text: String) -> [Piece] {
        // The heading stands above already.
        let lines = text.split(separator: "\n").drop { $0.hasPrefix("#") }
        let units = Array(lines.joined(separator: "\n").utf16)
        let plain = String(decoding: self.withoutMarks(units).compactMap { $0 }, as: UTF16.self)
        guard plain.count > self.plainLength else { return [Piece(text: plain, isMatch: false)] }
        let cut = plain.prefix(self.plainLength)
        let end = cut.lastIndex(of: " ") ?? cut.endIndex
        return [Piece(text: cut[..<end] + " …", isMatch: false)]
    }

    /// Each unit as it is shown; `nil` for one that is left out. Blanks in a row become one.
    private static func withoutMarks(_ units: [UInt16]) -> [UInt16?] {
        let space = UInt16(0x20)
        var kept: [UInt16?] = units
        var place = 0
        var isLineStart = true
        var wasBlank = true
        while place < units.count {
            let unit = units[place]
            if let end = self.linkTarget(at: place, in: units) {
                for left in place..<end { kept[left] = nil }
                place = end
                continue
            }
            let isBlank = unit == space || (0x09...0x0D).contains(unit)
            let isMark = self.marks.contains(unit) || (isLineStart && self.lineMarks.contains(unit))
            if isMark { kept[place] = nil } else if isBlank { kept[place] = wasBlank ? nil : space }
            if !isMark { wasBlank = isBlank }
            isLineStart = unit == 0x0A || (isLineStart && (isMark || isBlank))
            place += 1
        }
        return kept
    }

    /// Anywhere: `*`, backtick, `|`, `[`, `]`.
    private static let marks = Set("*`|[]".utf16)
    /// Before a line's first word: `#`, `>`, `-`, `+`, `:`.
    private static let lineMarks = Set("#>-+:".utf16)

    /// The end of `](…)`; `nil` where no link's target begins.
    private static func linkTarget(at place: Int, in units: [UInt16]) -> Int? {
        let opening = Array("](".utf16)
        guard units[place...].starts(with: opening) else { return nil }
        let rest = units[(place + opening.count)...]
        guard let end = rest.firstIndex(where: { $0 == 0x29 || $0 == 0x0A }), units[end] == 0x29 else { return nil }
        return end + 1
    }
}
