import Hummingbird
import Learners
import Logging

/// A page: an address and what is done there.
struct Page: Sendable {
    /// Who has to sign in, where learners do.
    enum SignInNeed: Sendable {
        case nobody, senders, everybody
    }

    /// In the router's notation.
    let path: String
    let signInNeed: SignInNeed
    /// Shows the page; must change nothing.
    let get: @Sendable (PageRequest) async throws -> Response
    /// Takes a form that was sent to the page.
    let post: (@Sendable (PageRequest, Form) async throws -> Response)?

    init(
        _ path: String, signIn need: SignInNeed = .senders,
        get: @escaping @Sendable (PageRequest) async throws -> Response,
        post: (@Sendable (PageRequest, Form) async throws -> Response)? = nil
    ) {
        self.path = path
        self.signInNeed = need
        self.get = get
        self.post = post
    }
}

/// A request for a page, and who sends it.
struct PageRequest: Sendable {
    let request: Request
    let visitor: Visitor
    let logger: Logger
    /// Counts what the request asks others to do.
    let work: LearnerWeb.WorkGate

    /// The language of everything around the book's own content.
    var language: PreferredLanguage { self.visitor.language }

    /// Path and query, as they came in.
    var address: String { self.request.uri.string }

    /// A value of the query.
    func query(_ name: String) -> String? {
        self.request.uri.queryParameters[Substring(name)].map { String($0) }
    }
}
