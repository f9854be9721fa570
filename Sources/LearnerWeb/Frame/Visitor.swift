import HTTPTypes
import Hummingbird
import Learners
import Logging

/// Who looks at a page.
struct Visitor: Sendable {
    /// Out of the cookie, where learners are anonymous; there need not be such a learner. Else of the sign-in.
    private(set) var id: LearnerID?
    /// Who signed in.
    private(set) var signedIn: SignedIn?
    /// Learners sign in here, and this visitor has not.
    private(set) var isSignedOut = false
    /// Whether there is such a learner, as far as is known.
    var hasAccount = false
    /// The answers to the six questions; `nil` before onboarding, and while the database does not answer.
    var preferences: Preferences?
    /// The language of everything around the book's own content.
    var language: PreferredLanguage
    /// The visitor could not be looked up.
    var isDatabaseAway = false

    /// Whether personalized texts and recommendations are to be had.
    var isOnboarded: Bool { self.preferences != nil }

    /// What the request alone tells: the id, and the language by the cookie or by what the browser asks for.
    init(_ request: Request) {
        self.id = request.rememberedLearner
        self.language =
            request.cookies[LanguageCookie.name].flatMap { PreferredLanguage(rawValue: $0.value) }
            ?? PreferredLanguage(accepted: request.headers[values: .acceptLanguage]) ?? .en
    }

    /// Puts who signed in into the cookie's place, which anybody can write.
    /// - Parameter isNeeded: whether there is nothing to see for somebody unknown.
    /// - Throws: why it is unknown who signed in, where that is needed.
    mutating func identify(
        by signIn: LearnerWeb.SignIn, _ headers: HTTPFields, isNeeded: Bool, logger: Logger
    ) async throws {
        self.id = nil
        do {
            let signedIn = try await signIn.signedIn(headers)
            self.signedIn = signedIn
            self.id = signedIn.learner
        } catch {
            guard !isNeeded, !(error is CancellationError) else { throw error }
            self.isSignedOut = true
            if let refusal = error as? any HTTPResponseError, refusal.status.kind == .clientError { return }
            logger.warning("sign-in not looked up", metadata: ["cause": "\(error)"])
            self.isDatabaseAway = true
        }
    }

    /// Looks the visitor up. A database that does not answer leaves somebody unknown, and ``isDatabaseAway`` says so.
    mutating func load(from learners: LearnerStore, logger: Logger) async throws {
        guard let id else { return }
        do {
            self.preferences = try await learners.preferences(id)
            self.hasAccount = self.isOnboarded
            if !self.isOnboarded { self.hasAccount = try await learners.learner(id) != nil }
        } catch let error as CancellationError {
            throw error
        } catch {
            logger.warning("visitor not looked up", metadata: ["cause": "\(error)"])
            self.isDatabaseAway = true
        }
        if let language = self.preferences?.profile.preferredLanguage { self.language = language }
    }
}

extension PreferredLanguage {
    /// The language that `Accept-Language` ranks first among ours (RFC 9110, section 12.5.4); `nil` where it names none.
    init?(accepted fields: [String]) {
        let ranges = fields.flatMap { $0.lowercased().split(separator: ",") }.compactMap {
            range -> (language: PreferredLanguage, quality: Double)? in
            let parts = range.split(separator: ";").map { $0.split(separator: " ").joined() }
            guard let tag = parts.first?.split(separator: "-").first,
                let language = PreferredLanguage(rawValue: String(tag))
            else { return nil }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            return quality > 0 ? (language, quality) : nil
        }
        // The earlier one of two that are wanted alike.
        guard let best = ranges.map(\.quality).max(), let first = ranges.first(where: { $0.quality == best }) else {
            return nil
        }
        self = first.language
    }

    /// `ltr` or `rtl`.
    var direction: String {
        switch self {
        case .en: "ltr"
        case .ur: "rtl"
        }
    }

    /// The direction of a language by its tag; one that is not ours is taken to run from left to right.
    static func direction(of language: String) -> String {
        PreferredLanguage(rawValue: language)?.direction ?? Self.en.direction
    }

    /// What the language calls itself.
    var ownName: String {
        switch self {
        case .en: "English"
        case .ur: "اردو"
        }
    }
}
