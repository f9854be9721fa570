import Configuration
import IdentityTokens
import Testing

@testable import ProcessBootstrap

@Suite struct SignInSettingsTests {
    private func policy(_ values: [String: String]) throws -> TokenPolicy? {
        let pairs = values.map { (AbsoluteConfigKey($0.key.split(separator: ".").map(String.init)), $0.value) }
        let values = Dictionary(uniqueKeysWithValues: pairs.map { ($0.0, ConfigValue(.string($0.1), isSecret: false)) })
        return try Settings.signIn(ConfigReader(provider: InMemoryProvider(values: values)))
    }

    @Test func withoutAnIssuerLearnersAreAnonymous() throws {
        #expect(try self.policy([:]) == nil)
        #expect(try self.policy(["lectern.oidc.issuer": ""]) == nil)
    }

    @Test func anIssuerWithItsAudienceIsEnough() throws {
        let policy = try #require(
            try self.policy([
                "lectern.oidc.issuer": "https://id.example.org/realm", "lectern.oidc.audience": "lectern, web",
            ]))
        #expect(policy.issuer == "https://id.example.org/realm")
        #expect(policy.audiences == ["lectern", "web"])
        #expect(policy.algorithms == [.rs256, .es256])
        #expect(policy.keysURL == nil)
    }

    @Test(arguments: [
        (["issuer": "https://id.example.org"], "LECTERN_OIDC_AUDIENCE"),
        (["audience": "lectern"], "LECTERN_OIDC_ISSUER is not set"),
        (["issuer": "http://id.example.org", "audience": "a"], "https"),
        (["issuer": "https://id.example.org", "audience": "a", "algorithms": "RS256,HS256"], "holds HS256"),
        (["issuer": "https://id.example.org", "audience": "a", "algorithms": "none"], "holds none"),
        (["issuer": "https://id.example.org", "audience": "a", "jwks.url": "http://id.example.org/k"], "https"),
    ])
    func whatIsUnsafeIsRefusedAndNamed(values: [String: String], reason: String) {
        let problem = #expect(throws: Settings.Problem.self) {
            try self.policy(Dictionary(uniqueKeysWithValues: values.map { ("lectern.oidc.\($0.key)", $0.value) }))
        }
        #expect(problem?.description.contains(reason) == true)
    }
}
