import MarkdownHTML
import Synchronization
import TextbookSync

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
    private let kept: Mutex<BodyCache<RenderedText>>

    /// - Parameter capacity: bytes of HTML to keep; those used longest ago go first.
    init(capacity: Int = 32 * 1_024 * 1_024) {
        self.kept = Mutex(BodyCache(capacity: capacity))
    }

    /// The text under a key; `make` makes it where it is not there.
    func text(_ key: String, _ make: () throws -> RenderedText) rethrows -> RenderedText {
        if let text = self.kept.withLock({ $0.text(for: key) }) { return text }
        let text = try make()
        self.kept.withLock { $0.insert(text, bytes: text.html.utf8.count + 1_024, for: key) }
        return text
    }
}
