import HTTPTypes
import Hummingbird
import Learners

/// Keeps the learner's id in the browser. Scripts may read it, since local storage holds the same id for clients of
/// the API; `identity.js` keeps both alike.
enum LearnerCookie {
    static let name = "lectern_learner"
    /// Tells `identity.js` to empty local storage too.
    static let forgotten = "forgotten"
    /// In seconds.
    static let oneYear = 365 * 86_400
}

/// Keeps the language of somebody who has not answered the questions.
enum LanguageCookie {
    static let name = "lectern_language"
}

/// Remembers that a lesson led somebody to the questions: once is enough, whatever came of it.
enum AskedCookie {
    static let name = "lectern_onboarding"
    static let value = "asked"
}

extension Response {
    /// The browser is to be this learner's.
    mutating func remember(_ id: LearnerID, _ request: Request) {
        self.setPageCookie(LearnerCookie.name, id.text, request)
    }

    /// The browser is to be nobody's.
    mutating func forgetLearner(_ request: Request) {
        self.setPageCookie(LearnerCookie.name, LearnerCookie.forgotten, request)
    }

    mutating func remember(_ language: PreferredLanguage, _ request: Request) {
        self.setPageCookie(LanguageCookie.name, language.rawValue, request)
    }

    /// The visitor was led to the questions.
    mutating func rememberAsked(_ request: Request) {
        self.setPageCookie(AskedCookie.name, AskedCookie.value, request)
    }

    private mutating func setPageCookie(_ name: String, _ value: String, _ request: Request) {
        self.setCookie(
            Cookie(
                name: name, value: value, maxAge: LearnerCookie.oneYear, path: "/", secure: request.cameByTLS,
                httpOnly: false, sameSite: .lax))
    }
}

extension Request {
    /// Whose the browser was the last time.
    var rememberedLearner: LearnerID? { self.cookies[LearnerCookie.name].flatMap { LearnerID($0.value) } }

    /// Whether the browser's connection is encrypted; the proxy that ends it says so.
    fileprivate var cameByTLS: Bool {
        guard let name = HTTPField.Name("X-Forwarded-Proto") else { return false }
        return self.headers[name]?.lowercased() == "https"
    }
}
