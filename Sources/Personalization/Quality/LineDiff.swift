/// What turns one text into another, line by line.
public struct LineDiff: Hashable, Sendable, Encodable {
    /// Lines in a row that have the same fate.
    public struct Hunk: Hashable, Sendable, Encodable {
        /// What becomes of lines.
        public enum Kind: String, Hashable, Sendable, Encodable {
            /// They stand in both texts.
            case equal
            /// They stand in the new text only.
            case insert
            /// They stand in the old text only.
            case delete
        }

        public var kind: Kind
        /// The lines without their line ends.
        public var lines: [String]

        /// A hunk from its parts.
        public init(kind: Kind, lines: [String]) {
            self.kind = kind
            self.lines = lines
        }
    }

    /// The hunks in the texts' order; no two neighbours are of one kind, and deletions stand before insertions.
    public let hunks: [Hunk]

    /// More differing lines than this are not searched for the fewest changes: all of them count as replaced.
    public static let maximumEdits = 1000

    /// The difference between two texts, found in time that grows with their length and their difference.
    public init(from old: String, to new: String) {
        self.init(from: Self.lines(of: old), to: Self.lines(of: new))
    }

    /// The difference between two lists of lines.
    public init(from old: [String], to new: [String], maximumEdits: Int = Self.maximumEdits) {
        let head = zip(old, new).prefix { $0 == $1 }.count
        let limit = min(old.count, new.count) - head
        let tail = zip(old.reversed(), new.reversed()).prefix(limit).prefix { $0 == $1 }.count
        let before = Array(old[head..<(old.count - tail)])
        let after = Array(new[head..<(new.count - tail)])
        var builder = HunkBuilder()
        builder.add(.equal, old[..<head])
        if let steps = ShortestEdit.steps(from: before, to: after, limit: maximumEdits) {
            for step in steps {
                switch step {
                case .keep(let index): builder.add(.equal, before[index...index])
                case .delete(let index): builder.add(.delete, before[index...index])
                case .insert(let index): builder.add(.insert, after[index...index])
                }
            }
        } else {
            builder.add(.delete, before[...])
            builder.add(.insert, after[...])
        }
        builder.add(.equal, old[(old.count - tail)...])
        self.hunks = builder.finished
    }

    /// A text's lines; an empty text has one empty line.
    public static func lines(of text: String) -> [String] {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
    }

    /// The lines of the old text.
    public var old: [String] { self.hunks.filter { $0.kind != .insert }.flatMap(\.lines) }

    /// The lines of the new text.
    public var new: [String] { self.hunks.filter { $0.kind != .delete }.flatMap(\.lines) }
}

/// Joins lines of one kind into hunks.
private struct HunkBuilder {
    private var hunks: [LineDiff.Hunk] = []
    private var deleted: [String] = []
    private var inserted: [String] = []

    mutating func add(_ kind: LineDiff.Hunk.Kind, _ lines: ArraySlice<String>) {
        guard !lines.isEmpty else { return }
        switch kind {
        case .delete: self.deleted += lines
        case .insert: self.inserted += lines
        case .equal:
            self.flush()
            if self.hunks.last?.kind == .equal {
                self.hunks[self.hunks.count - 1].lines += lines
            } else {
                self.hunks.append(LineDiff.Hunk(kind: .equal, lines: Array(lines)))
            }
        }
    }

    private mutating func flush() {
        if !self.deleted.isEmpty { self.hunks.append(LineDiff.Hunk(kind: .delete, lines: self.deleted)) }
        if !self.inserted.isEmpty { self.hunks.append(LineDiff.Hunk(kind: .insert, lines: self.inserted)) }
        self.deleted = []
        self.inserted = []
    }

    var finished: [LineDiff.Hunk] {
        var builder = self
        builder.flush()
        return builder.hunks
    }
}
