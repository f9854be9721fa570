extension HTMLWriter {
    mutating func enterTable(_ node: MarkdownNode) {
        switch node.kind {
        case .table:
            self.table = (node.columnAlignments, 0, false)
            // As with code: what scrolls can be scrolled with a keyboard.
            self.html += "<div class=\"table\" role=\"group\" tabindex=\"0\" aria-label=\""
            HTMLEscape.append(self.options.tableLabel, to: &self.html)
            self.html += "\">\n<table>\n"
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
            self.html += self.table.isHeader ? "<th scope=\"col\"" : "<td"
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

    mutating func exitTable(_ node: MarkdownNode) {
        switch node.kind {
        case .table:
            self.html += self.table.isHeader ? "</table>\n</div>\n" : "</tbody>\n</table>\n</div>\n"
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
