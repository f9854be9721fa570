import MarkdownHTML
import Synchronization

/// A text made ready for its page.
struct RenderedText: Sendable {
    /// What the text's own title holds, as HTML; `nil` where it begins with none.
    let titleHTML: String?
    /// Everything after the title. Made by the renderer: safe whoever wrote the text.
    let html: String
    /// The headings of the second level.
    let sections: [Heading]

    init(_ markdown: String, by renderer: MarkdownRenderer) throws {
        let html = try renderer.html(markdown)
        self.sections = renderer.headings(markdown).filter { $0.level == 2 }
        // The renderer writes nothing raw, so the first end of a heading is the end of this one.
        guard html.hasPrefix("<h1 "), let open = html.firstIndex(of: ">"), let close = html.firstRange(of: "</h1>\n")
        else {
            self.titleHTML = nil
            self.html = html
            return
        }
        self.titleHTML = String(html[html.index(after: open)..<close.lowerBound])
        self.html = String(html[close.upperBound...])
    }
}

/// Rendered texts by the hash of their Markdown. The memory is bounded: what was not used of late is forgotten.
final class RenderedTexts: Sendable {
    private struct Texts {
        var young: [String: RenderedText] = [:]
        var old: [String: RenderedText] = [:]
        /// Bytes of HTML of the young.
        var bytes = 0
    }

    private let capacity: Int
    private let texts = Mutex(Texts())

    /// - Parameter capacity: bytes of HTML to keep, twice at most.
    init(capacity: Int = 16 * 1_024 * 1_024) {
        self.capacity = capacity
    }

    /// The text under a key; `make` makes it where it is not there.
    func text(_ key: String, _ make: () throws -> RenderedText) rethrows -> RenderedText {
        if let kept = self.texts.withLock({ $0.young[key] }) { return kept }
        let text = try self.texts.withLock({ $0.old[key] }) ?? make()
        self.texts.withLock { texts in
            guard texts.young.updateValue(text, forKey: key) == nil else { return }
            texts.bytes += text.html.utf8.count + 1_024
            guard texts.bytes > self.capacity else { return }
            texts.old = texts.young
            texts.young = [:]
            texts.bytes = 0
        }
        return text
    }

    /// How many texts are kept.
    var count: Int { self.texts.withLock { Set($0.young.keys).union($0.old.keys).count } }
}
