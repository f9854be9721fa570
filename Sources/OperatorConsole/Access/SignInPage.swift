import FoundationEssentials
import HTTPTypes
import Hummingbird
import Operators

/// Exchanges a key for a session of the browser, and ends it.
struct SignInPage: Sendable {
    static let path = "/ops/sign-in"

    /// What the form shows.
    struct Model: Sendable {
        let then: String
        let isWrong: Bool
        let problem: String
    }

    let access: OperatorAccess
    let site: ConsoleSite

    /// The address of the form that leads back to what was asked for.
    static func address(then: String) -> String {
        ConsoleAddress.text(self.path, ["then": then == "/ops" ? nil : then])
    }

    func show(_ request: Request) throws -> Response {
        let then = ConsoleForm(Array((request.uri.query ?? "").utf8))?["then"]
        return try self.form(then: ConsoleAddress.local(then))
    }

    func signIn(_ request: Request) async throws -> Response {
        try SameOrigin.check(request)
        let form = try await ConsoleForm.read(request)
        let then = ConsoleAddress.local(form["then"])
        let owner: (operator: Operator, keyID: Int64?)
        do {
            owner = try await self.access.owner(of: form["key"] ?? "")
        } catch let error as HTTPError where error.status == .unauthorized || error.status == .tooManyRequests {
            var answer = try self.form(
                then: then,
                problem: error.status == .unauthorized
                    ? "That is no key that opens the console. It may have been revoked, or its time is over."
                    : "There were too many wrong keys. Wait a minute and try again.",
                status: error.status)
            answer.headers[.retryAfter] = error.headers[.retryAfter]
            return answer
        }
        guard owner.operator.role.may(.read) else {
            return try self.form(
                then: then, problem: "The role \(owner.operator.role.rawValue) has no access to the console.",
                status: .forbidden)
        }
        var generator = SystemRandomNumberGenerator()
        let secret = try await self.access.sessions.begin(owner.operator, keyID: owner.keyID, using: &generator)
        return self.leading(to: then, cookie: secret, seconds: OperatorSessions.lifetime.components.seconds, request)
    }

    func signOut(_ request: Request) async throws -> Response {
        try SameOrigin.check(request)
        if let secret = OperatorCookie.secret(in: request) { try await self.access.sessions.end(secret) }
        return self.leading(to: Self.path, cookie: "", seconds: 0, request)
    }

    private func form(
        then: String, problem: String? = nil, status: HTTPResponse.Status = .ok
    ) throws -> Response {
        let model = Model(then: then, isWrong: problem != nil, problem: problem ?? "")
        return try self.site.answer(
            ConsoleFrame("sign-in", title: "Sign in", address: Self.path), model, status: status)
    }

    private func leading(to address: String, cookie: String, seconds: Int64, _ request: Request) -> Response {
        var answer = ConsoleSite.seeOther(address)
        answer.headers[.setCookie] = OperatorCookie.header(cookie, seconds: seconds, isSecure: request.cameByTLS)
        return answer
    }
}

extension Request {
    /// Whether the browser's connection is encrypted: by itself, or up to a proxy that says so.
    fileprivate var cameByTLS: Bool {
        if self.head.scheme?.lowercased() == "https" { return true }
        guard let name = HTTPField.Name("X-Forwarded-Proto") else { return false }
        return self.headers[name]?.lowercased() == "https"
    }
}
