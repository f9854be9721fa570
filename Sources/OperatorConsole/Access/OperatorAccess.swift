import HTTPTypes
import Hummingbird
public import Operators

/// Who gets in to operate the system, and as what.
///
/// A key of ``OperatorKeys`` opens everything its role may do, sent as `Authorization: Bearer` by programs or exchanged
/// for a session by browsers. The token of the settings opens everything. Where there is no such token, callers of a
/// process that listens on the loopback address get in without either, by that address's own names (a foreign name in
/// `Host` is another site's page that had its name pointed at us) and not through a proxy.
public struct OperatorAccess: Sendable {
    let door: OperatorDoor
    let keys: OperatorKeys
    let sessions: OperatorSessions
    private let attempts: FailedAttempts

    /// - Parameters:
    ///   - token: at least 16 bytes; an empty or shorter one counts as a mistake and opens nothing.
    ///   - host: the address the process listens on.
    public init(token: String?, listeningOn host: String, keys: OperatorKeys, sessions: OperatorSessions) {
        self.door = OperatorDoor(token: token, listeningOn: host)
        self.keys = keys
        self.sessions = sessions
        self.attempts = FailedAttempts()
    }

    /// Lets the request pass or says why not.
    /// - Throws: `HTTPError`: 401 without a credential that opens anything, 403 for one that does not open this, and for
    ///   a page of another site that sends its reader's; 429 after many wrong ones; 404 where there is nothing for this
    ///   caller.
    func require(
        anyOf permissions: [OperatorRole.Permission], _ request: Request
    ) async throws -> Operator {
        let who = try await self.identify(request)
        guard permissions.contains(where: who.role.may) else {
            throw HTTPError(
                .forbidden, message: "The role \(who.role.rawValue) may not do that; ask an operator with a wider one.")
        }
        return who
    }

    /// Who sends the request.
    func identify(_ request: Request) async throws -> Operator {
        let fields = request.headers[values: .authorization]
        if let field = fields.first {
            guard fields.count == 1, field.lowercased().hasPrefix("bearer ") else { throw Self.needsCredential }
            return try await self.owner(of: String(field.dropFirst("bearer ".count))).operator
        }
        if let secret = OperatorCookie.secret(in: request) {
            guard let who = try await self.sessions.owner(of: secret) else { throw Self.needsCredential }
            try SameOrigin.check(request)
            return who
        }
        switch self.door {
        case .loopback:
            guard OperatorDoor.isLocal(request) else { throw HTTPError(.notFound) }
            try SameOrigin.check(request)
            return Operator(name: "loopback", role: .admin)
        case .token, .keys: throw Self.needsCredential
        }
    }

    /// Whom a token belongs to, and the key that it is, if it is one.
    func owner(of token: String) async throws -> (operator: Operator, keyID: Int64?) {
        let known = self.attempts.isKnown(token)
        guard known || self.attempts.isOpen else {
            throw HTTPError(
                .tooManyRequests, headers: [.retryAfter: "\(FailedAttempts.window.components.seconds)"],
                message: "There were too many wrong credentials; wait a minute.")
        }
        if case .token(let own) = self.door, OperatorDoor.isEqual(token, own) {
            self.attempts.succeeded(token)
            return (Operator(name: "token", role: .admin), nil)
        }
        guard let (who, id) = try await self.keys.owner(of: token) else {
            self.attempts.failed(token)
            throw Self.needsCredential
        }
        self.attempts.succeeded(token)
        return (who, id)
    }

    private static var needsCredential: HTTPError {
        HTTPError(
            .unauthorized, headers: [.wwwAuthenticate: "Bearer realm=\"operators\""],
            message: "A key of an operator is needed; `lectern key create` makes one.")
    }
}
