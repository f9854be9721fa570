extension BlockScan {
    /// Opens the containers and the leaf that begin with this line, or adds its text to an open one.
    mutating func openBlocks(_ cursor: inout LineCursor, matched: Int) {
        // A paragraph that is open may go on with any line that begins nothing, even outside its containers.
        let mayBeLazy = self.leaf.isParagraph
        var isFresh = matched == self.containers.count
        var depth = matched
        while true {
            let interrupts = isFresh && self.leaf.isParagraph
            guard !cursor.isBlank else { break }
            if cursor.indent >= 4 {
                if !mayBeLazy || depth > matched {
                    self.open(.indentedCode, .indentedCode, at: depth)
                    return
                }
                break
            }
            let canNest = depth < BlockScan.maximumDepth
            if cursor.next == UInt8(ascii: ">"), canNest {
                self.open(.quote, .blockQuote, at: depth)
                cursor.advancePastIndent(bytes: 1)
                cursor.skipOptionalSpace()
            } else if self.openLeaf(cursor, at: depth, interrupts: interrupts) {
                return
            } else if canNest, let marker = ListMarker(self.bytes, cursor.rest, interruptsParagraph: interrupts) {
                self.openItem(marker, &cursor, at: depth)
            } else {
                break
            }
            depth += 1
            isFresh = false
        }
        if cursor.isBlank { return }
        self.addText(cursor, depth: depth, isFresh: isFresh)
    }

    private mutating func addText(_ cursor: LineCursor, depth: Int, isFresh: Bool) {
        if !isFresh, self.leaf.isParagraph {
            // A line that only continues a paragraph keeps its white space; it counts if the line heads a table.
            self.lastTextLine = cursor.offset..<cursor.end
            return self.continueTop()
        }
        defer { self.lastTextLine = cursor.rest }
        if isFresh {
            switch self.leaf {
            case .paragraph:
                if self.startsTable(cursor) {
                    self.leaf = .table
                    self.turnLastLineIntoTable()
                }
                return self.continueTop()
            case .table where TableRow.cells(self.bytes, cursor.rest) > 0:
                return self.continueTop()
            default:
                break
            }
        }
        self.open(.paragraph, .paragraph, at: depth)
    }

    /// Opens a leaf that a marker begins; false if the line has none.
    private mutating func openLeaf(_ cursor: LineCursor, at depth: Int, interrupts: Bool) -> Bool {
        let rest = cursor.rest
        switch cursor.next {
        case UInt8(ascii: "#"):
            guard let level = BlockStart.headingLevel(self.bytes, rest) else { return false }
            let heading = HeadingText.atx(self.bytes, rest, level: level)
            self.open(.none, .heading(heading), at: depth)
        case UInt8(ascii: "`"), UInt8(ascii: "~"):
            guard let length = BlockStart.fenceLength(self.bytes, rest) else { return false }
            let info = self.bytes.trimmed((rest.lowerBound + length)..<rest.upperBound)
            let fence = Fence(
                marker: cursor.next, length: length, indent: cursor.indent, info: self.bytes.text(info),
                isClosed: false, content: self.nextLine..<self.nextLine)
            self.open(.fence(marker: cursor.next, length: length), .fence(fence), at: depth)
        case UInt8(ascii: "<"):
            return self.openHTML(cursor, at: depth, interrupts: interrupts)
        case UInt8(ascii: ":"):
            return self.openAdmonition(cursor, at: depth)
        case UInt8(ascii: "$"):
            guard depth == 0, let end = self.mathEnd(rest, interrupts: interrupts) else { return false }
            self.open(.until(end), .math, at: depth)
        case UInt8(ascii: "="), UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "_"):
            if interrupts, let level = BlockStart.setextLevel(self.bytes, rest), self.paragraphCanBeHeading {
                self.endSetextHeading(level: level)
                return true
            }
            guard BlockStart.isThematicBreak(self.bytes, rest) else { return false }
            self.open(.none, .thematicBreak, at: depth)
        default:
            return false
        }
        return true
    }

    private mutating func openHTML(_ cursor: LineCursor, at depth: Int, interrupts: Bool) -> Bool {
        let rest = cursor.rest
        if depth == 0, !interrupts,
            let end = self.jsx.end(self.bytes, start: rest.lowerBound, textEnd: self.range.upperBound)
        {
            self.open(.until(end), .jsx, at: depth)
            return true
        }
        guard let html = HTMLBlockStart(self.bytes, rest, interruptsParagraph: interrupts) else { return false }
        let isComponent = html == .anyElement && self.bytes[rest.lowerBound + 1].isUppercase
        let kind: Block.Kind = html == .comment ? .comment : isComponent ? .jsx : .html
        self.open(html.ends(self.bytes, rest) ? .none : .html(html), kind, at: depth)
        return true
    }

    private mutating func openAdmonition(_ cursor: LineCursor, at depth: Int) -> Bool {
        let isOutermost = self.containers[..<Swift.min(depth, self.containers.count)].allSatisfy(\.isAdmonition)
        guard isOutermost, depth < BlockScan.maximumDepth,
            let opening = BlockStart.admonitionOpening(self.bytes, cursor.rest)
        else { return false }
        let title = self.bytes.trimmed(opening.name.upperBound..<cursor.end)
        let admonition = Admonition(
            name: self.bytes.text(opening.name), title: self.bytes.text(title), colons: opening.colons,
            isClosed: false, content: self.nextLine..<self.nextLine)
        if depth == 0 { self.hasCutOffAdmonition = false }
        self.open(.admonition(colons: opening.colons), .admonition(admonition), at: depth)
        return true
    }

    private mutating func openItem(_ marker: ListMarker, _ cursor: inout LineCursor, at depth: Int) {
        let indent = cursor.indent
        cursor.advancePastIndent(bytes: marker.length)
        var padding = marker.length + 1
        let isEmpty = cursor.isBlank
        if isEmpty || cursor.indent > 4 {
            // Code right after the marker, or an empty item: one column belongs to the marker.
            cursor.skipOptionalSpace()
        } else {
            padding = marker.length + cursor.indent
            cursor.advance(columns: cursor.indent)
        }
        let item = Container.item(width: indent + padding, isEmpty: isEmpty)
        if depth == 0, case .list = self.top?.kind, let last = self.top?.listMarker, marker.continues(last) {
            self.truncate(to: 0)
            self.top?.listMarker = marker
            self.containers.append(item)
            self.continueTop()
        } else {
            self.truncate(to: depth)
            if depth == 0 {
                self.beginTop(.list(isOrdered: marker.isOrdered), marker: marker)
            } else {
                self.continueTop()
            }
            self.containers.append(item)
        }
    }

    private mutating func open(_ container: Container, _ kind: Block.Kind, at depth: Int) {
        // Lines of one quote arrive as matches; one that did not match begins another block.
        self.truncate(to: depth)
        if depth == 0 { self.beginTop(kind) } else { self.continueTop() }
        self.containers.append(container)
    }

    private mutating func open(_ leaf: Leaf, _ kind: Block.Kind, at depth: Int) {
        self.truncate(to: depth)
        if depth == 0 { self.beginTop(kind) } else { self.continueTop() }
        self.leaf = leaf
    }

    /// Closes what the line is no part of, and notes that the innermost item is not empty.
    private mutating func truncate(to depth: Int) {
        if depth < self.containers.count { self.containers.removeSubrange(depth...) }
        self.leaf = .none
        if let last = self.containers.indices.last, case .item(let width, true) = self.containers[last] {
            self.containers[last] = .item(width: width, isEmpty: false)
        }
    }
}
