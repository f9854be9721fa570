import Testing

@testable import Webhooks

@Suite struct WebhookEndpointsTests {
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"

    private func endpoints(_ yaml: String) throws(WebhookEndpoints.FileError) -> WebhookEndpoints {
        try WebhookEndpoints(yaml: yaml, file: "hooks.yaml") { path in
            switch path {
            case "/secret", "/old": Self.secret
            case "/empty": ""
            default: nil
            }
        }
    }

    @Test func `endpoints are found by name, with one secret or two`() throws {
        let endpoints = try self.endpoints(
            """
            endpoints:
              - {name: app, url: "https://app.example.org/hook", secret_file: /secret}
              - name: inner
                url: http://inner.example.org:8080/
                secret_file: /secret
                previous_secret_file: /old
                allow_http: true
            """)
        #expect(endpoints.all.map(\.name) == ["app", "inner"])
        #expect(endpoints["app"]?.secrets.count == 1)
        #expect(endpoints["inner"]?.secrets.count == 2)
        #expect(endpoints["other"] == nil)
    }

    @Test func `everything wrong is reported together with its line and without a secret`() throws {
        let error = #expect(throws: WebhookEndpoints.FileError.self) {
            try self.endpoints(
                """
                endpoints:
                  - {name: App, url: "https://a.example", secret_file: /secret}
                  - {name: a, url: "http://a.example", secret_file: /secret}
                  - {name: b, url: "https://b.example", secret_file: /missing, colour: red}
                  - {name: c, url: "https://c.example", secret_file: /empty}
                  - {name: d, url: "https://d.example"}
                  - {name: a, url: "https://a.example", secret_file: /secret, allow_http: maybe}
                  - just text
                """)
        }
        let report = try #require(error).description
        let lines = report.split(separator: "\n").map { $0.prefix { $0 != " " } }
        #expect(lines.count == 9, "\(report)")
        #expect(lines.first == "hooks.yaml:2:" && lines.last == "hooks.yaml:8:")
        #expect(!report.contains("MfKQ"))
    }

    @Test(arguments: ["", "[]", "endpoints: {}", "endpoints: []\nother: 1", "endpoints: ["])
    func `a file of another shape is refused`(yaml: String) {
        #expect(throws: WebhookEndpoints.FileError.self) { try self.endpoints(yaml) }
    }

    @Test(arguments: [
        "http://example.org/", "ftp://example.org/", "https:///path", "not an address",
        "https://user:word@example.org/",
        "https://169.254.169.254/latest", "https://[fe80::1]/", "https://[fd00:ec2::254]/", "https://0.0.0.0/",
        "https://[::ffff:169.254.169.254]/",
    ])
    func `an address that no receiver can have is refused`(url: String) {
        #expect(WebhookEndpoint.fault(of: url, allowsHTTP: false) != nil)
    }

    @Test(arguments: [
        ("https://example.org/hook?x=1", false), ("http://127.0.0.1:9000/", false), ("http://localhost/", false),
        ("http://[::1]:1/", false), ("https://10.0.0.7/", false), ("http://10.0.0.7/", true),
    ])
    func `https, this machine and what the operator allows may be receivers`(url: String, allowsHTTP: Bool) {
        #expect(WebhookEndpoint.fault(of: url, allowsHTTP: allowsHTTP) == nil)
    }
}
