extension HTMLWriter {
    mutating func enterInline(_ node: MarkdownNode) {
        switch node.kind {
        case .text: self.writeText(node.literal)
        case .softBreak: self.html += "\n"
        case .lineBreak: self.html += "<br>\n"
        case .code:
            self.html += "<code\(self.codeDirection)>"
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

    mutating func visitInsideImage(_ event: MarkdownTree.Event, _ node: MarkdownNode) {
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
}
