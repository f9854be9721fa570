/// Writes the HTML of a document from the events of its tree.
struct HTMLWriter {
    private(set) var html = ""
    private let source: MarkdownSource
    private let options: MarkdownRenderer.Options
    private let headings: [Heading]
    private var headingCount = 0
    private var admonitions = AdmonitionStack()
    /// Inside an image only its text counts.
    private var image: (depth: Int, text: String)?
    private var isMarker = false
    /// For each link around, whether its address was allowed and its element is open.
    private var openLinks: [Bool] = []
    private var table: (alignments: [String?], column: Int, isHeader: Bool) = ([], 0, false)

    init(source: MarkdownSource, options: MarkdownRenderer.Options, headings: [Heading]) {
        self.source = source
        self.options = options
        self.headings = headings
    }

    mutating func visit(_ event: MarkdownTree.Event, _ node: MarkdownNode) throws(MarkdownError) {
        if self.image != nil {
            self.visitInsideImage(event, node)
        } else {
            switch event {
            case .enter: self.enter(node)
            case .exit: self.exit(node)
            }
        }
        guard self.html.utf8.count <= self.options.maximumOutputBytes else {
            throw MarkdownError(
                code: .outputTooLarge, message: "the HTML exceeds \(self.options.maximumOutputBytes) bytes")
        }
    }

    private mutating func enter(_ node: MarkdownNode) {
        // The text of a marker.
        guard !self.isMarker else { return }
        switch node.kind {
        case .document:
            self.admonitions.enterContainer()
        case .blockQuote:
            self.html += "<blockquote>\n"
            self.admonitions.enterContainer()
        case .list:
            switch node.firstNumber {
            case nil: self.html += "<ul>\n"
            case 1: self.html += "<ol>\n"
            case .some(let number): self.html += "<ol start=\"\(number)\">\n"
            }
        case .item:
            self.html += "<li>"
            self.admonitions.enterContainer()
        case .task:
            self.html += "<li class=\"task\"><input type=\"checkbox\" disabled\(node.isChecked ? " checked" : "")> "
            self.admonitions.enterContainer()
        case .heading:
            self.html += "<h\(node.headingLevel) id=\"\(HTMLEscape.escaped(self.heading?.id ?? ""))\">"
        case .paragraph:
            self.enterParagraph(node)
        case .codeBlock:
            self.writeCode(node)
        case .htmlBlock:
            self.writeRawHTML(node.literal, element: "p")
        case .rule:
            self.html += "<hr>\n"
        case .table, .tableHeader, .tableRow, .tableCell:
            self.enterTable(node)
        case .text, .softBreak, .lineBreak, .code, .htmlInline, .emphasis, .strong, .strikethrough, .link, .image:
            self.enterInline(node)
        case .other:
            break
        }
    }

    private mutating func exit(_ node: MarkdownNode) {
        switch node.kind {
        case .document:
            self.html += self.admonitions.exitContainer()
        case .blockQuote:
            self.html += self.admonitions.exitContainer()
            self.html += "</blockquote>\n"
        case .list:
            self.html += node.firstNumber == nil ? "</ul>\n" : "</ol>\n"
        case .item, .task:
            self.html += self.admonitions.exitContainer()
            self.html += "</li>\n"
        case .heading:
            self.html += "</h\(node.headingLevel)>\n"
            self.headingCount += 1
        case .paragraph:
            if self.isMarker {
                self.isMarker = false
            } else if !node.isInTightList {
                self.html += "</p>\n"
            } else if !node.isLast {
                self.html += "\n"
            }
        case .table, .tableHeader, .tableRow, .tableCell:
            self.exitTable(node)
        case .emphasis: self.html += "</em>"
        case .strong: self.html += "</strong>"
        case .strikethrough: self.html += "</del>"
        case .link:
            if self.openLinks.popLast() == true { self.html += "</a>" }
        case .codeBlock, .htmlBlock, .rule, .text, .softBreak, .lineBreak, .code, .htmlInline, .image, .other:
            break
        }
    }

    private var heading: Heading? {
        self.headings.indices.contains(self.headingCount) ? self.headings[self.headingCount] : nil
    }

    private mutating func enterParagraph(_ node: MarkdownNode) {
        if let text = node.onlyText, let line = self.source.marker(text) {
            self.isMarker = true
            self.html += self.admonitions.apply(line)
            return
        }
        if !node.isInTightList { self.html += "<p>" }
    }

    private mutating func writeCode(_ node: MarkdownNode) {
        let language = node.fenceInfo.prefix { !$0.isWhitespace && $0 != "{" }
        let isName =
            !language.isEmpty && language.utf8.count <= 32
            && language.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "+-_#.".utf8.contains(byte)
                }
            }
        self.html += isName ? "<pre><code class=\"language-\(language)\">" : "<pre><code>"
        HTMLEscape.append(self.source.restored(node.literal), to: &self.html)
        self.html += "</code></pre>\n"
    }

    /// Shown as the text that it is; comments say nothing to a reader.
    private mutating func writeRawHTML(_ literal: String, element: String?) {
        let text = self.source.restored(literal)
        let isComment =
            text.hasPrefix("<!--")
            && (text.firstRange(of: "-->").map { end in
                text[end.upperBound...].allSatisfy(\.isWhitespace)
            } ?? true)
        guard !isComment else { return }
        if let element { self.html += "<\(element)>" }
        HTMLEscape.append(text, to: &self.html)
        if let element { self.html += "</\(element)>\n" }
    }
}

extension HTMLWriter {
    private mutating func enterInline(_ node: MarkdownNode) {
        switch node.kind {
        case .text: self.writeText(node.literal)
        case .softBreak: self.html += "\n"
        case .lineBreak: self.html += "<br>\n"
        case .code:
            self.html += "<code>"
            HTMLEscape.append(self.source.restored(node.literal), to: &self.html)
            self.html += "</code>"
        case .htmlInline: self.writeRawHTML(node.literal, element: nil)
        case .emphasis: self.html += "<em>"
        case .strong: self.html += "<strong>"
        case .strikethrough: self.html += "<del>"
        case .link: self.enterLink(node)
        case .image: self.image = (1, "")
        default: break
        }
    }

    private mutating func writeText(_ literal: String) {
        var text = self.source.restored(literal)
        // The end of a heading may name its id, which is no part of the title.
        if let heading, text.hasSuffix("}"), !heading.text.hasSuffix("}") { text = HeadingIDs.divide(text).title }
        HTMLEscape.append(text, to: &self.html)
    }

    private mutating func enterLink(_ node: MarkdownNode) {
        // HTML knows no link inside a link, which autolinks can bring about.
        let link = self.openLinks.contains(true) ? nil : LinkPolicy.link(node.address)
        self.openLinks.append(link != nil)
        guard let link else { return }
        self.html += "<a href=\"\(HTMLEscape.escaped(link.href))\""
        if link.isExternal { self.html += " rel=\"nofollow noopener\"" }
        self.writeTitle(node)
        self.html += ">"
    }

    private mutating func writeTitle(_ node: MarkdownNode) {
        let title = node.title
        guard !title.isEmpty else { return }
        self.html += " title=\"\(HTMLEscape.escaped(self.source.restored(title)))\""
    }

    private mutating func visitInsideImage(_ event: MarkdownTree.Event, _ node: MarkdownNode) {
        switch (node.kind, event) {
        case (.image, .enter): self.image?.depth += 1
        case (.image, .exit):
            self.image?.depth -= 1
            if let image, image.depth == 0 {
                self.image = nil
                self.writeImage(node, text: image.text)
            }
        case (.text, _), (.code, _): self.image?.text += self.source.restored(node.literal)
        case (.softBreak, _), (.lineBreak, _): self.image?.text += " "
        default: break
        }
    }

    private mutating func writeImage(_ node: MarkdownNode, text: String) {
        guard let address = LinkPolicy.image(node.address, base: self.options.imageBase) else {
            HTMLEscape.append(text, to: &self.html)
            return
        }
        self.html += "<img src=\"\(HTMLEscape.escaped(address))\" alt=\"\(HTMLEscape.escaped(text))\""
        self.writeTitle(node)
        self.html += " loading=\"lazy\">"
    }

    private mutating func enterTable(_ node: MarkdownNode) {
        switch node.kind {
        case .table:
            self.table = (node.columnAlignments, 0, false)
            self.html += "<table>\n"
        case .tableHeader:
            self.table.column = 0
            self.table.isHeader = true
            self.html += "<thead>\n<tr>\n"
        case .tableRow:
            self.table.column = 0
            if self.table.isHeader { self.html += "<tbody>\n" }
            self.table.isHeader = false
            self.html += "<tr>\n"
        case .tableCell:
            self.html += self.table.isHeader ? "<th" : "<td"
            if self.table.alignments.indices.contains(self.table.column),
                let alignment = self.table.alignments[self.table.column]
            {
                self.html += " class=\"align-\(alignment)\""
            }
            self.html += ">"
        default:
            break
        }
    }

    private mutating func exitTable(_ node: MarkdownNode) {
        switch node.kind {
        case .table:
            self.html += self.table.isHeader ? "</table>\n" : "</tbody>\n</table>\n"
            self.table.isHeader = false
        case .tableHeader: self.html += "</tr>\n</thead>\n"
        case .tableRow: self.html += "</tr>\n"
        case .tableCell:
            self.html += self.table.isHeader ? "</th>\n" : "</td>\n"
            self.table.column += 1
        default: break
        }
    }
}
