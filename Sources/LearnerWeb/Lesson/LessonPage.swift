import MarkdownHTML
import TextbookSync

/// What the page of a lesson shows. The members are what the template may name.
struct LessonPage {
    struct Tab {
        let label: String
        let address: String
        let isCurrent: Bool
    }

    struct Section {
        let text: String
        let address: String
    }

    /// A text to read, in the page's language.
    struct Reading {
        let html: String
    }

    /// How far the learner came with the lesson.
    struct Progress {
        let isCompleted: Bool
        /// RFC 3339; empty before completion.
        let completedAt: String
        let completed: String
    }

    let slug: String
    let address: String
    let view: String
    /// The title, as HTML of the renderer's or escaped.
    let titleHTML: String
    /// The language and direction of the title and the text.
    let language: String
    let direction: String
    let bookTitle: String
    let bookLanguage: String
    let partAddress: String
    let partTitle: String
    let chapterTitle: String
    let facts: String
    let tabs: [Tab]
    let sections: [Section]
    let hasSections: Bool
    let sectionsLabel: String
    let reading: Reading?
    let panel: LessonPanel
    let hasMessage: Bool
    /// `nil` for somebody without an account, and where it is not known.
    let progress: Progress?
    /// Where somebody without an account finds one; `nil` for everybody else.
    let accountAddress: String?
    let isTracked: Bool
    let previous: Turn?
    let next: Turn?

    /// A way to the lesson before or after.
    struct Turn {
        let title: String
        let address: String
    }
}

/// What differs between the views of a lesson.
struct LessonContent {
    var view: LessonView
    /// The text to read; `nil` where there is only something to say.
    var text: RenderedText?
    var language: String
    var panel = LessonPanel()
    /// Seconds after which a browser without scripts looks again.
    var refreshAfter: Int?

    /// The sheets that this content needs and others do not: every page is to be light.
    var stylesheets: [String] {
        let texts = [self.text?.html].compactMap(\.self) + (self.panel.waiting?.written.map(\.html) ?? [])
        return (texts.contains { $0.contains("<span class=\"tok-") } ? ["code.css"] : [])
            + (self.panel.changes == nil ? [] : ["changes.css"])
    }
}
