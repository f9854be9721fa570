import MCPServing

/// Collects the keys of a bucket in byte order, a page at a time.
///
/// Only the folders that can hold a key of the page are read, and of each no more names are kept than the page can take,
/// so a page costs memory in proportion to its limit and not to the bucket.
struct KeyWalk {
    let prefix: [UInt8]
    /// Only keys beyond this one count.
    let after: [UInt8]?
    let limit: Int
    private(set) var keys: [ObjectKey] = []

    init(prefix: [UInt8], after: [UInt8]?, limit: Int) {
        self.prefix = prefix
        self.after = after
        self.limit = limit
    }

    /// Collects from `folder`, below which every key begins with `base`.
    mutating func visit(_ folder: borrowing OpenFile, base: [UInt8] = []) throws {
        if let only = self.onlyFolder(below: base) {
            try self.descend(into: only, of: folder, base: base)
            return
        }
        var bound: [UInt8]?
        repeat {
            let names = try self.names(in: folder, base: base, beyond: bound, limit: self.limit - self.keys.count)
            for name in names {
                if name.kind == .object {
                    self.keys.append(ObjectKey(unchecked: base + name.added))
                } else {
                    try self.descend(into: name, of: folder, base: base)
                }
                if self.keys.count == self.limit { return }
            }
            bound = names.last?.added
        } while bound != nil
    }

    private mutating func descend(into name: EntryName, of folder: borrowing OpenFile, base: [UInt8]) throws {
        // A folder may be removed between reading its name and opening it.
        guard let child = try folder.directory(name.encoded) else { return }
        try self.visit(child, base: base + name.added)
    }

    /// The one folder that the prefix leads through, while it names more than what lies above.
    private func onlyFolder(below base: [UInt8]) -> EntryName? {
        guard self.prefix.count > base.count else { return nil }
        let rest = self.prefix[base.count...]
        let segment = rest.prefix { $0 != UInt8(ascii: "/") }
        if segment.count >= ObjectPath.piece {
            return EntryName(kind: .continuation, bytes: Array(segment.prefix(ObjectPath.piece)))
        }
        return segment.count < rest.count ? EntryName(kind: .segment, bytes: Array(segment)) : nil
    }

    /// The first names beyond `bound`, in order, that can lead to a key of this page; empty when there are no more.
    private func names(
        in folder: borrowing OpenFile, base: [UInt8], beyond bound: [UInt8]?, limit: Int
    ) throws -> [EntryName] {
        var best: [(added: [UInt8], name: EntryName)] = []
        let room = 2 * max(limit, 64)
        try folder.forEachName { text in
            guard let name = EntryName(encoded: text) else { return }
            let added = name.added
            if let bound, !bound.lexicographicallyPrecedes(added) { return }
            guard self.leadsToKey(base + added, kind: name.kind) else { return }
            best.append((added, name))
            if best.count == room {
                best.sort { $0.added.lexicographicallyPrecedes($1.added) }
                best.removeLast(room / 2)
            }
        }
        best.sort { $0.added.lexicographicallyPrecedes($1.added) }
        return best.prefix(room / 2).map(\.name)
    }

    private func leadsToKey(_ bytes: [UInt8], kind: EntryName.Kind) -> Bool {
        let isBeyond = self.after.map { $0.lexicographicallyPrecedes(bytes) } ?? true
        switch kind {
        case .object:
            return isBeyond && bytes.starts(with: self.prefix)
        case .segment, .continuation:
            return (isBeyond || (self.after?.starts(with: bytes) ?? false))
                && (bytes.starts(with: self.prefix) || self.prefix.starts(with: bytes))
        }
    }
}
