/// The text that is embedded for a chunk: where it stands, then what it says.
enum EmbeddingText {
    /// A title longer than this says no more about the place.
    private static let maximumTitleBytes = 160

    /// Breadcrumb, empty line, body; in the body outside code, links keep their text and images their description,
    /// comments and link definitions are left out.
    static func make(breadcrumb: [String], headingPath: [String], body: ArraySlice<UInt8>) -> String {
        var titles: [String] = []
        for title in breadcrumb + headingPath where !title.isEmpty && titles.last != title {
            titles.append(String(decoding: title.utf8.prefix(self.maximumTitleBytes), as: UTF8.self))
        }
        let text = String(decoding: self.plain(body), as: UTF8.self)
        let place = titles.joined(separator: " > ")
        return place.isEmpty ? text : "\(place)\n\n\(text)"
    }

    static func plain(_ body: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(body.count)
        var fence: (marker: UInt8, length: Int)?
        var isComment = false
        for line in body.split(separator: 0x0A, omittingEmptySubsequences: false) {
            let text = line.drop { $0 == 0x20 || $0 == 0x09 }
            let marker = text.first ?? 0
            let run = marker == 0x60 || marker == 0x7E ? text.prefix { $0 == marker }.count : 0
            if let open = fence {
                result += line
                if marker == open.marker, run >= open.length, text.dropFirst(run).allSatisfy({ $0 <= 0x20 }) {
                    fence = nil
                }
            } else if run >= 3 {
                fence = (marker, run)
                result += line
            } else {
                self.appendProse(line, to: &result, isComment: &isComment)
            }
            result.append(0x0A)
        }
        result.removeLast()
        return result
    }

    private static func appendProse(_ line: ArraySlice<UInt8>, to result: inout [UInt8], isComment: inout Bool) {
        var place = line.startIndex
        /// Where in the result the texts of open brackets begin.
        var brackets: [Int] = []
        while place < line.endIndex {
            let byte = line[place]
            if isComment {
                if line[place...].starts(with: "-->".utf8) {
                    isComment = false
                    place += 2
                }
            } else if byte == UInt8(ascii: "<"), line[place...].starts(with: "<!--".utf8) {
                isComment = true
                place += 3
            } else if byte == UInt8(ascii: "!"), line[place...].dropFirst().first == UInt8(ascii: "[") {
                brackets.append(result.count)
                place += 1
            } else if byte == UInt8(ascii: "[") {
                brackets.append(result.count)
                result.append(byte)
            } else if byte == UInt8(ascii: "]"), let start = brackets.popLast() {
                if let end = self.targetEnd(line, after: place) {
                    if start < result.count, result[start] == UInt8(ascii: "[") { result.remove(at: start) }
                    place = end
                } else {
                    result.append(byte)
                }
            } else {
                result.append(byte)
            }
            place += 1
        }
    }

    /// The last byte of `(target)` directly after a closing bracket.
    private static func targetEnd(_ line: ArraySlice<UInt8>, after bracket: Int) -> Int? {
        guard bracket + 1 < line.endIndex, line[bracket + 1] == UInt8(ascii: "(") else { return nil }
        var depth = 0
        for place in (bracket + 1)..<min(line.endIndex, bracket + 2_048) {
            if line[place] == UInt8(ascii: "(") { depth += 1 }
            if line[place] == UInt8(ascii: ")") {
                depth -= 1
                if depth == 0 { return place }
            }
        }
        return nil
    }
}
