import Configuration
import IdentityTokens

extension Settings {
    /// Whose tokens learners sign in with; `nil` where no issuer is named and learners stay anonymous.
    /// - Throws: ``Problem`` for what no token could be checked with safely.
    static func signIn(_ reader: ConfigReader) throws -> TokenPolicy? {
        func text(_ key: String) -> String? {
            reader.string(forKey: ConfigKey(key)).flatMap { $0.isEmpty ? nil : $0 }
        }
        let audiences = self.list(reader, "lectern.oidc.audience")
        let algorithms = self.list(reader, "lectern.oidc.algorithms")
        let keys = text("lectern.oidc.jwks.url")
        guard let issuer = text("lectern.oidc.issuer") else {
            guard audiences.isEmpty, algorithms.isEmpty, keys == nil else {
                throw Problem("LECTERN_OIDC_ISSUER is not set, but another LECTERN_OIDC_… is: set it, or none of them")
            }
            return nil
        }
        guard !audiences.isEmpty else {
            throw Problem("LECTERN_OIDC_ISSUER is set but LECTERN_OIDC_AUDIENCE is not")
        }
        var allowed: Set<SigningAlgorithm> = []
        for name in algorithms {
            guard let algorithm = SigningAlgorithm(rawValue: name) else {
                throw Problem(
                    "LECTERN_OIDC_ALGORITHMS holds \(name), not one of "
                        + SigningAlgorithm.allCases.map(\.rawValue).joined(separator: ", "))
            }
            allowed.insert(algorithm)
        }
        do throws(TokenPolicy.Fault) {
            return try TokenPolicy(
                issuer: issuer, audiences: audiences, algorithms: allowed.isEmpty ? [.rs256, .es256] : allowed,
                keysURL: keys)
        } catch {
            throw Problem("LECTERN_OIDC_…: \(error)")
        }
    }
}
