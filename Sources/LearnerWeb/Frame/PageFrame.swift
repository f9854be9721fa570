import Learners

/// What every page has around its own content; templates reach it as `frame`.
struct PageFrame: Sendable {
    /// The pages of the navigation.
    enum Place: String, CaseIterable, Sendable {
        case home, book, search, profile

        var address: String { self == .home ? "/" : "/\(self.rawValue)" }
    }

    struct Link: Sendable {
        let label: String
        let address: String
        let isCurrent: Bool
    }

    /// Something to tell above the content.
    struct Notice: Sendable {
        enum Kind: String, Sendable {
            case done, warning, error
        }

        let kind: String
        /// `status` waits until a screen reader has finished its sentence, `alert` does not.
        let role: String
        let text: String

        init(_ kind: Kind, _ text: String) {
            self.kind = kind.rawValue
            self.role = kind == .done ? "status" : "alert"
            self.text = text
        }
    }

    struct Language: Sendable {
        let code: String
        let name: String
        let dir: String
    }

    /// The template of the content.
    let template: String
    let title: String
    let lang: String
    let dir: String
    let navigation: [Link]
    let notices: [Notice]
    let hasNotices: Bool
    /// Names of the page's own files in `Assets`.
    let stylesheets: [String]
    let scripts: [String]
    /// Seconds after which a browser without scripts loads the page again; `nil` for never.
    let refreshAfter: Int?
    /// Languages to switch to; empty for a learner, whose language is one of the answers.
    let languages: [Language]
    let hasLanguages: Bool
    let isOnboarded: Bool
    /// Where a form that changes something elsewhere leads back to.
    let address: String
}

/// What a handler says of its page: how it is called, what stands in it, and how it is answered.
struct PageContent {
    /// The template of the content: a file's name in `Templates`, without the ending.
    var template: String
    /// For the browser's tab; the name of the site is added.
    var title: String
    /// The properties are what the template may name; computed ones it does not see.
    var model: Any
    /// The page of the navigation that this is.
    var place: PageFrame.Place?
    var notices: [PageFrame.Notice] = []
    /// Names of the page's own files in `Assets`, such as `lesson.css`.
    var stylesheets: [String] = []
    var scripts: [String] = []
    /// Seconds after which a browser without scripts loads the page again; `nil` for never.
    var refreshAfter: Int?

    init(_ template: String, title: String, _ model: Any, place: PageFrame.Place? = nil) {
        self.template = template
        self.title = title
        self.model = model
        self.place = place
    }
}
