import ContentHashing
import Textbook

/// Cuts a lesson into chunks along its own structure.
///
/// Blocks of Markdown are never torn unless one alone is larger than the cap. Neighbouring sections are put together
/// as long as they stand under the same heading of level 2. The same text always gives the same chunks, and an edit
/// changes only chunks under the heading it stands under.
public struct Chunker: Sendable, Hashable {
    /// Sections are put together up to this size, in tokens.
    public var target: Int
    /// No chunk is larger, in tokens, except for one made of a single line of code that is.
    public var cap: Int
    /// A chunk smaller than this is put to its neighbour even beyond the target, in tokens.
    public var minimum: Int
    /// What two pieces of one split block share, in tokens; whole blocks share nothing.
    public var overlap: Int

    /// A chunker with sizes in tokens. Sizes that contradict each other are brought into order.
    public init(target: Int = 500, cap: Int = 700, minimum: Int = 120, overlap: Int = 100) {
        self.target = max(50, target)
        self.cap = max(self.target * 7 / 5, cap)
        self.minimum = min(max(0, minimum), self.target)
        self.overlap = min(max(0, overlap), self.target / 4)
    }

    /// The chunks of a lesson in reading order. Front matter is no part of them.
    ///
    /// - Parameters:
    ///   - text: the lesson's file.
    ///   - breadcrumb: the titles of part, chapter and lesson, for the embedded text.
    public func chunks(of text: String, breadcrumb: [String] = []) -> [Chunk] {
        let bytes = Array(text.utf8)
        var units = ChunkerUnits(bytes: bytes, maximumLead: (self.cap - self.target) * 3 / 4)
        let packs = self.merged(self.packed(units.collect(limit: self.target)))
        let lessonTitle = breadcrumb.last ?? units.title ?? ""
        var occurrences: [ContentHash: Int] = [:]
        var lines = ChunkerLines(bytes)
        return packs.flatMap { self.bodies(of: $0, bytes: bytes) }.enumerated().map { index, piece in
            let body = String(decoding: piece.bytes, as: UTF8.self)
            let hash = Chunker.hash(body: body, headingPath: piece.path)
            occurrences[hash, default: 0] += 1
            return Chunk(
                index: index,
                sectionTitle: piece.path.last ?? lessonTitle,
                headingPath: piece.path,
                role: ChunkRole(title: piece.path.first),
                body: body,
                embedText: EmbeddingText.make(breadcrumb: breadcrumb, headingPath: piece.path, body: piece.bytes),
                tokens: ChunkerTokens.count(piece.bytes),
                firstLine: lines.number(at: piece.start),
                hash: hash,
                occurrence: occurrences[hash, default: 1])
        }
    }

    /// Units that make one chunk, or one unit to be split.
    struct Pack {
        var units: [ChunkerUnit]
        var tokens: Int
        /// Whether it is a block larger than the cap.
        var isOversize = false
    }

    private struct Piece {
        var bytes: ArraySlice<UInt8>
        var path: [String]
        var start: Int
    }

    /// Fills packs section by section.
    private func packed(_ units: [ChunkerUnit]) -> [Pack] {
        var packs: [Pack] = []
        var open: Pack?
        for unit in units {
            if unit.tokens > self.cap {
                if let full = open { packs.append(full) }
                open = nil
                packs.append(Pack(units: [unit], tokens: unit.tokens, isOversize: true))
                continue
            }
            guard var pack = open, let last = pack.units.last else {
                open = Pack(units: [unit], tokens: unit.tokens)
                continue
            }
            let sum = pack.tokens + unit.tokens
            let isSameSection = last.region == unit.region && last.path == unit.path
            if isSameSection, sum <= self.target || (pack.tokens < self.minimum && sum <= self.cap) {
                pack.units.append(unit)
                pack.tokens = sum
                open = pack
            } else {
                packs.append(pack)
                open = Pack(units: [unit], tokens: unit.tokens)
            }
        }
        if let full = open { packs.append(full) }
        return packs
    }

    /// Puts neighbours together that share the heading of level 2.
    private func merged(_ packs: [Pack]) -> [Pack] {
        var merged: [Pack] = []
        for pack in packs {
            guard let last = merged.last, !last.isOversize, !pack.isOversize,
                last.units.last?.region == pack.units.first?.region
            else {
                merged.append(pack)
                continue
            }
            let sum = last.tokens + pack.tokens
            let isSmall = min(last.tokens, pack.tokens) < self.minimum
            if sum <= self.target || (isSmall && sum <= self.cap) {
                merged[merged.count - 1].units += pack.units
                merged[merged.count - 1].tokens = sum
            } else {
                merged.append(pack)
            }
        }
        return merged
    }

    private func bodies(of pack: Pack, bytes: [UInt8]) -> [Piece] {
        guard let first = pack.units.first, let last = pack.units.last else { return [] }
        var path = first.path
        for unit in pack.units.dropFirst() {
            path = Array(zip(path, unit.path).prefix { $0 == $1 }.map(\.0))
        }
        guard pack.isOversize else {
            return [Piece(bytes: Chunker.trimmed(bytes[first.start..<last.end]), path: path, start: first.start)]
        }
        let splitter = ChunkerSplit(bytes: bytes, target: self.target, cap: self.cap, overlap: self.overlap)
        return splitter.pieces(of: first).map {
            Piece(bytes: Chunker.trimmed($0.bytes), path: path, start: $0.start)
        }.filter { !$0.bytes.isEmpty }
    }

    /// Without blank lines at the beginning and white space at the end.
    static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }
        var bytes = bytes
        while let last = bytes.last, isSpace(last) { bytes.removeLast() }
        var start = bytes.startIndex
        for place in bytes.indices {
            guard isSpace(bytes[place]) else { break }
            if bytes[place] == 0x0A || bytes[place] == 0x0D { start = place + 1 }
        }
        return bytes[start...]
    }

    private static func hash(body: String, headingPath: [String]) -> ContentHash {
        var hasher = ContentHasher()
        for heading in headingPath { hasher.update("\(heading.utf8.count):\(heading)\n".utf8) }
        hasher.update("\n".utf8)
        hasher.update(body.utf8)
        return hasher.finalize()
    }
}

/// Line numbers of places that are asked for in ascending order.
struct ChunkerLines {
    private let bytes: [UInt8]
    private var place = 0
    private var line = 1

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func number(at target: Int) -> Int {
        while self.place < min(target, self.bytes.count) {
            if self.bytes[self.place] == 0x0A { self.line += 1 }
            self.place += 1
        }
        return self.line
    }
}
