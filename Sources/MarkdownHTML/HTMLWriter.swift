/// Writes the HTML of a document from the events of its tree.
struct HTMLWriter {
    var html = ""
    let source: MarkdownSource
    let options: MarkdownRenderer.Options
    private let headings: [Heading]
    private var headingCount = 0
    private var admonitions = AdmonitionStack()
    private var highlighter: CodeHighlighter
    /// Inside an image only its text counts.
    var image: (depth: Int, text: String)?
    private var isMarker = false
    /// For each link around, whether its address was allowed and its element is open.
    var openLinks: [Bool] = []
    var table: (alignments: [String?], column: Int, isHeader: Bool) = ([], 0, false)

    init(source: MarkdownSource, options: MarkdownRenderer.Options, headings: [Heading]) {
        self.source = source
        self.options = options
        self.headings = headings
        self.highlighter = CodeHighlighter(maximumSpans: options.maximumCodeSpans)
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
            if self.options.linksHeadings, node.headingLevel > 1 { self.writeHeadingLink() }
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

    var heading: Heading? {
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
            && language.utf8.allSatisfy { $0.isWord && $0 < 0x80 || "+-#.".utf8.contains($0) }
        // A wide block scrolls, which a keyboard can do only where it has the focus.
        self.html += "<pre tabindex=\"0\"\(self.codeDirection)>"
        self.html += isName ? "<code class=\"language-\(language)\">" : "<code>"
        self.highlighter.append(
            self.source.restored(node.literal), language: isName ? language : "", to: &self.html)
        self.html += "</code></pre>\n"
    }

    /// Code runs from left to right, whatever the text around it does.
    var codeDirection: String { self.options.isRightToLeft ? " dir=\"ltr\"" : "" }

    /// For pointers only: whoever reads with a keyboard or by ear has the page's list of sections.
    private mutating func writeHeadingLink() {
        guard let heading else { return }
        self.html += " <a class=\"anchor\" href=\"#\(HTMLEscape.escaped(heading.id))\" aria-hidden=\"true\" tabindex=\"-1\">#</a>"
    }

    /// Shown as the text that it is; comments say nothing to a reader.
    mutating func writeRawHTML(_ literal: String, element: String?) {
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
