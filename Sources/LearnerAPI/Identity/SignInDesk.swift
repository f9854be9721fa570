public import HTTPTypes
public import IdentityTokens
public import Learners

/// Knows callers by the tokens of an issuer (RFC 6750), where the operator wants them to sign in.
public struct SignInDesk: Sendable {
    private let verifier: TokenVerifier
    private let learners: LearnerStore

    /// - Parameter verifier: of the one issuer whose tokens count.
    public init(verifier: TokenVerifier, learners: LearnerStore) {
        self.verifier = verifier
        self.learners = learners
    }

    /// Whose token these headers carry.
    /// - Throws: ``Problem`` with a challenge where there is none, or none that is good.
    public func signedIn(_ headers: HTTPFields) async throws -> SignedIn {
        let identity = try await self.identity(headers)
        return SignedIn(identity, learner: try await self.learners.learner(of: identity))
    }

    /// The learner of a sign-in; where it has none, one of the ids becomes its account.
    /// - Parameter ids: tried in this order; the last one must be new.
    public func account(of signedIn: SignedIn, under ids: [LearnerID]) async throws -> LearnerID {
        if let learner = signedIn.learner { return learner }
        var refusal: any Error = LearnerError(.alreadyExists, "Nobody can have an account without an id.")
        for id in ids {
            do {
                return try await self.learners.create(id, for: signedIn.identity).id
            } catch let error as LearnerError where error.code == .alreadyExists {
                // Another request of the same person was quicker, or somebody else signs in for this id.
                if let learner = try await self.learners.learner(of: signedIn.identity) { return learner }
                refusal = error
            }
        }
        throw refusal
    }

    private func identity(_ headers: HTTPFields) async throws(Problem) -> LearnerIdentity {
        let token = try Self.token(headers)
        do throws(TokenError) {
            let claims = try await self.verifier.verify(token)
            return LearnerIdentity(issuer: claims.issuer, subject: claims.subject)
        } catch {
            throw Problem(token: error)
        }
    }

    /// The token in the one header `Authorization`. Tokens in addresses or bodies are not looked for: those get logged.
    private static func token(_ headers: HTTPFields) throws(Problem) -> String {
        let values = headers[values: .authorization]
        guard values.count <= 1 else {
            var problem = Problem(.malformedRequest, "There is more than one header Authorization.")
            problem.headers[.wwwAuthenticate] = "\(Self.challenge), error=\"invalid_request\""
            throw problem
        }
        // The scheme's name may be written in any case (RFC 9110, section 11.1).
        guard let value = values.first, value.utf8.count > 7, value.prefix(7).lowercased() == "bearer " else {
            var problem = Problem(.missingToken, "Learners sign in here, and this request brings no bearer token.")
            // Who has not tried is told no error (RFC 6750, section 3.1).
            problem.headers[.wwwAuthenticate] = Self.challenge
            throw problem
        }
        return String(value.dropFirst(7).drop { $0 == " " })
    }

    fileprivate static let challenge = "Bearer realm=\"lectern\""
}

extension Problem {
    /// Why a token was not accepted.
    fileprivate init(token error: TokenError) {
        guard error.code != .keysUnavailable else {
            self.init(.identityUnavailable, error.message, retryAfter: 30, cause: error)
            return
        }
        self.init(.invalidToken, error.message)
        self.headers[.wwwAuthenticate] =
            "\(SignInDesk.challenge), error=\"invalid_token\", error_description=\"\(error.message)\""
    }
}
