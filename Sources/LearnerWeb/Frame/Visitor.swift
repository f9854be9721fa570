import HTTPTypes
import Hummingbird
import Learners
import Logging

/// Who looks at a page.
struct Visitor: Sendable {
    /// Out of the cookie; there need not be such a learner.
    let id: LearnerID?
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
        self.id = request.cookies[LearnerCookie.name].flatMap { LearnerID($0.value) }
        self.language =
            request.cookies[LanguageCookie.name].flatMap { PreferredLanguage(rawValue: $0.value) }
            ?? PreferredLanguage(accepted: request.headers[values: .acceptLanguage]) ?? .en
    }

    /// Looks the visitor up. A database that does not answer leaves somebody unknown, and ``isDatabaseAway`` says so.
    static func load(_ request: Request, from learners: LearnerStore, logger: Logger) async throws -> Visitor {
        var visitor = Visitor(request)
        guard let id = visitor.id else { return visitor }
        do {
            visitor.preferences = try await learners.preferences(id)
            visitor.hasAccount = visitor.isOnboarded
            if !visitor.isOnboarded { visitor.hasAccount = try await learners.learner(id) != nil }
        } catch let error as CancellationError {
            throw error
        } catch {
            logger.warning("visitor not looked up", metadata: ["cause": "\(error)"])
            visitor.isDatabaseAway = true
        }
        if let language = visitor.preferences?.profile.preferredLanguage { visitor.language = language }
        return visitor
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
