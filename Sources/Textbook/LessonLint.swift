/// What can be wrong with one lesson's Markdown.
struct LessonLint {
    /// More broken links than this in one file are not told one by one.
    private static let maximumBrokenLinks = 50

    let path: String
    let bytes: [UInt8]
    let blocks: [Block]

    /// Unclosed blocks, links to files that are not there, and what looks like a secret.
    ///
    /// - Parameter isKnown: whether a path relative to the book's root exists.
    func findings(isKnown: (String) -> Bool) -> [Finding] {
        var findings: [Finding] = []
        var broken = 0
        for secret in SecretScan.findings(in: self.bytes) {
            findings.append(
                Finding(
                    .error, .secret, file: self.path, line: secret.line,
                    message: "this looks like \(secret.what), and readers would see it",
                    advice: "remove and revoke it; where it is made up, let it say EXAMPLE"))
        }
        for block in self.blocks {
            if let fence = block.fence {
                if !fence.isClosed { findings.append(self.unclosedFence(block)) }
                continue
            }
            if let admonition = block.admonition {
                findings += self.findings(in: admonition, block, depth: 0)
            }
            if case .frontMatter = block.kind { continue }
            if case .indentedCode = block.kind { continue }
            if broken < LessonLint.maximumBrokenLinks {
                let links = self.brokenLinks(block, isKnown: isKnown).prefix(LessonLint.maximumBrokenLinks - broken)
                broken += links.count
                findings += links
            }
        }
        return findings
    }

    private func unclosedFence(_ block: Block) -> Finding {
        Finding(
            .error, .unclosedFence, file: self.path, line: block.firstLine, message: "the code fence is never closed",
            advice: "close it with a line of the same marks")
    }

    private func findings(in admonition: Admonition, _ block: Block, depth: Int) -> [Finding] {
        var findings: [Finding] = []
        let inner = BlockScanner.scan(self.bytes, in: admonition.content, firstLine: block.firstLine + 1)
        for nested in inner where depth < BlockScan.maximumDepth {
            if let fence = nested.fence, !fence.isClosed { findings.append(self.unclosedFence(nested)) }
            if let deeper = nested.admonition { findings += self.findings(in: deeper, nested, depth: depth + 1) }
        }
        if !admonition.isClosed, !findings.contains(where: { $0.code == .unclosedAdmonition }) {
            findings.append(
                Finding(
                    .error, .unclosedAdmonition, file: self.path, line: block.firstLine,
                    message: "the :::\(admonition.name) container, or one inside it, is never closed",
                    advice: "close it with a line of as many colons"))
        }
        return findings
    }

    private func brokenLinks(_ block: Block, isKnown: (String) -> Bool) -> [Finding] {
        var findings: [Finding] = []
        self.bytes.withUnsafeBufferPointer { bytes in
            var line = block.firstLine
            var place = block.range.lowerBound
            var fence: (marker: UInt8, length: Int)?
            while place < block.range.upperBound {
                var end = place
                while end < block.range.upperBound, bytes[end] != .lineFeed { end += 1 }
                let text = bytes.trimmed(place..<end)
                if let open = fence {
                    if !text.isEmpty, BlockStart.closesFence(bytes, text, marker: open.marker, length: open.length) {
                        fence = nil
                    }
                } else if !text.isEmpty, let length = BlockStart.fenceLength(bytes, text) {
                    fence = (bytes[text.lowerBound], length)
                } else {
                    for target in LinkTargets.inline(bytes, place..<end) where self.isBroken(target, isKnown: isKnown) {
                        findings.append(
                            Finding(
                                .warning, .brokenLink, file: self.path, line: line,
                                message: "the link to \(target.prefix(200)) leads to no file of the book",
                                advice: "correct the path, relative to this file"))
                    }
                }
                place = end + 1
                line += 1
            }
        }
        return findings
    }

    /// Only links that name a file can be checked: an extension, no scheme, not from the site's root.
    private func isBroken(_ target: String, isKnown: (String) -> Bool) -> Bool {
        let file = target.prefix { $0 != "#" && $0 != "?" }
        guard !file.isEmpty, !file.hasPrefix("/"), !file.contains(":"), !file.contains("{") else { return false }
        guard let name = file.split(separator: "/").last, name.dropFirst().contains("."), name != ".." else {
            return false
        }
        var segments = self.path.split(separator: "/").dropLast().map(String.init)
        for segment in file.split(separator: "/") {
            switch segment {
            case ".": continue
            case "..":
                if segments.isEmpty { return true }
                segments.removeLast()
            default: segments.append(LinkTargets.unescaped(segment))
            }
        }
        return !isKnown(segments.joined(separator: "/"))
    }
}
