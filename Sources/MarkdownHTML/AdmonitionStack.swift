/// The asides that are open at a place of the document, for each container (document, quote, list item) around it.
struct AdmonitionStack {
    /// Deeper asides lose their frame, not their text.
    private static let maximumDepth = 16

    private struct Aside {
        let colons: Int
        let hasFrame: Bool
    }

    private var containers: [[Aside]] = []
    private var depth = 0

    mutating func enterContainer() {
        self.containers.append([])
    }

    /// Answers the HTML that closes what the container left open.
    mutating func exitContainer() -> String {
        let open = self.containers.popLast() ?? []
        self.depth -= open.count
        return String(repeating: "</aside>\n", count: open.count { $0.hasFrame })
    }

    /// Answers the HTML for an opening or closing line; none for a closing line without an aside to close.
    mutating func apply(_ line: AdmonitionLine) -> String {
        guard var open = self.containers.popLast() else { return "" }
        defer { self.containers.append(open) }
        switch line {
        case .open(let colons, let kind, let title):
            let hasFrame = self.depth < Self.maximumDepth
            open.append(Aside(colons: colons, hasFrame: hasFrame))
            self.depth += 1
            guard hasFrame else { return "" }
            return """
                <aside class="admonition \(kind)">
                <p class="admonition-title">\(HTMLEscape.escaped(title))</p>

                """
        case .close(let colons):
            // An outer aside may be written with more colons; otherwise the innermost ends.
            let first = open.lastIndex { $0.colons == colons } ?? open.indices.last ?? open.endIndex
            let closed = open[first...]
            open = Array(open[..<first])
            self.depth -= closed.count
            return String(repeating: "</aside>\n", count: closed.count { $0.hasFrame })
        }
    }
}
