import Hummingbird
import Learners

/// Switches the language of the pages for somebody who has not answered the questions.
struct LanguagePages: Sendable {
    private let site: Site

    init(_ site: Site) {
        self.site = site
    }

    var pages: [Page] {
        [Page("language", signIn: .nobody, get: { _ in self.site.seeOther("/") }, post: self.choose)]
    }

    private func choose(_ request: PageRequest, _ form: Form) async throws -> Response {
        guard let language = form["language"].flatMap(PreferredLanguage.init) else {
            throw PageRefusal(.unprocessableContent)
        }
        var response = self.site.seeOther(LocalAddress(form["to"])?.text ?? "/")
        response.remember(language, request.request)
        return response
    }
}
