extension BlockScan {
    /// Decides what the line that was read last belongs to.
    mutating func takeLine() {
        if case .until(let end) = self.leaf {
            if self.line.lowerBound < end { return self.continueTop() }
            self.leaf = .none
        }
        var start = self.line.lowerBound
        // A byte order mark is no text.
        if start == 0, self.bytes.count >= 3, self.bytes[0] == 0xEF, self.bytes[1] == 0xBB, self.bytes[2] == 0xBF {
            start = Swift.min(3, self.line.upperBound)
        }
        var cursor = LineCursor(bytes: self.bytes, start: start, end: self.line.upperBound)
        let matched = self.matchContainers(&cursor)
        let isInLeaf = matched == self.containers.count
        if self.closesAdmonition(start: start, matched: matched) { return self.continueTop() }

        if isInLeaf {
            switch self.leaf {
            case .fence(let marker, let length):
                if !cursor.isBlank, cursor.indent <= 3, cursor.next == marker,
                    BlockStart.closesFence(self.bytes, cursor.rest, marker: marker, length: length)
                {
                    self.leaf = .none
                    self.closeTopFence()
                }
                return self.continueTop()
            case .html(let html) where html.ignoresBlankLines || !cursor.isBlank:
                if html.ends(self.bytes, cursor.offset..<cursor.end) { self.leaf = .none }
                return self.continueTop()
            case .indentedCode where !cursor.isBlank && cursor.indent >= 4:
                return self.continueTop()
            default:
                break
            }
        }
        if cursor.isBlank {
            self.takeBlankLine(matched: matched)
        } else {
            self.openBlocks(&cursor, matched: matched)
        }
    }

    /// How many of the open containers the line is part of.
    private mutating func matchContainers(_ cursor: inout LineCursor) -> Int {
        var matched = 0
        while matched < self.containers.count {
            switch self.containers[matched] {
            case .admonition:
                break
            case .quote:
                guard !cursor.isBlank, cursor.indent <= 3, cursor.next == UInt8(ascii: ">") else { return matched }
                cursor.advancePastIndent(bytes: 1)
                cursor.skipOptionalSpace()
            case .item(let width, let isEmpty):
                if cursor.indent >= width {
                    cursor.advance(columns: width)
                } else if !cursor.isBlank || isEmpty {
                    return matched
                }
            }
            matched += 1
        }
        return matched
    }

    private mutating func takeBlankLine(matched: Int) {
        if case .indentedCode = self.leaf, matched == self.containers.count {
            // Goes on if an indented line follows.
            return self.takeBlank()
        }
        self.containers.removeSubrange(matched...)
        self.leaf = .none
        if self.containers.first?.isAdmonition == true { self.continueTop() } else { self.takeBlank() }
    }

    /// Closes the innermost admonition the line of colons can close.
    private mutating func closesAdmonition(start: Int, matched: Int) -> Bool {
        guard self.containers.first?.isAdmonition == true else { return false }
        let depth = self.containers.firstIndex { !$0.isAdmonition } ?? self.containers.count
        guard matched == depth, matched < self.containers.count || !self.leaf.isOpaque else { return false }
        let cursor = LineCursor(bytes: self.bytes, start: start, end: self.line.upperBound)
        guard !cursor.isBlank, cursor.indent <= 3, cursor.next == UInt8(ascii: ":"),
            let colons = BlockStart.admonitionClosing(self.bytes, cursor.rest)
        else { return false }
        let closed = self.containers[..<depth].lastIndex {
            if case .admonition(let length) = $0 { length <= colons } else { false }
        }
        guard let closed else { return false }
        if closed + 1 < depth { self.hasCutOffAdmonition = true }
        self.containers.removeSubrange(closed...)
        self.leaf = .none
        if closed == 0, var top = self.top, case .admonition(var admonition) = top.kind {
            admonition.content = admonition.content.lowerBound..<self.line.lowerBound
            admonition.isClosed = !self.hasCutOffAdmonition
            top.kind = .admonition(admonition)
            self.top = top
        }
        return true
    }

    private mutating func closeTopFence() {
        guard self.containers.isEmpty, var top = self.top, case .fence(var fence) = top.kind else { return }
        fence.isClosed = true
        fence.content = fence.content.lowerBound..<self.line.lowerBound
        top.kind = .fence(fence)
        self.top = top
    }
}
