import PipelineJobs
import Testing

@Suite struct ModelProvidersTests {
    private static let complete = """
        daily_usd: 25.00
        daily_usd_per_learner: 0.5
        providers:
          - name: acme
            base_url: https://api.acme.example/v1
            model: gpt-4o-mini
            key_file: acme.key
            requests_per_minute: 500
            tokens_per_minute: 200000
            concurrency: 8
            timeout: 90s
            stream: false
            temperature: 0.3
            max_tokens: 4000
            token_limit_field: max_completion_tokens
            price: {input_usd_per_million: 0.15, output_usd_per_million: 0.6}
            daily_usd: 20
          - name: local
            base_url: http://127.0.0.1:8090/v1
            model: small
        """

    private func read(_ yaml: String) throws(OperatorFileError) -> ModelProviders {
        try ModelProviders(yaml: yaml, file: "providers.yaml")
    }

    @Test func everyKeyIsReadAndTheRestHasDefaults() throws {
        let providers = try self.read(Self.complete)
        #expect(providers.dailyCapMicros == 25_000_000)
        #expect(providers.dailyCapMicrosPerLearner == 500_000)
        #expect(
            providers.providers == [
                ModelProviders.Provider(
                    name: "acme", baseURL: "https://api.acme.example/v1", model: "gpt-4o-mini", keyFile: "acme.key",
                    requestsPerMinute: 500, tokensPerMinute: 200_000, concurrency: 8, timeout: .seconds(90),
                    streams: false, temperature: 0.3, maximumTokens: 4_000, tokenLimitField: .maxCompletionTokens,
                    price: .init(inputMicrosPerMillion: 150_000, outputMicrosPerMillion: 600_000),
                    dailyCapMicros: 20_000_000),
                ModelProviders.Provider(name: "local", baseURL: "http://127.0.0.1:8090/v1", model: "small"),
            ])
        #expect(providers.providers[1].timeout == .seconds(60))
        #expect(providers.providers[1].streams)
    }

    @Test(arguments: [
        ("daily_usd: 25.00", "daily_usd: lots", ["1: daily_usd must be an amount"]),
        ("daily_usd_per_learner: 0.5", "daily_usd_per_user: 0.5", ["2: daily_usd_per_user is unknown"]),
        ("  - name: acme", "  - name: Acme Inc", ["4: providers[0].name must be 1 to 64"]),
        ("https://api.acme.example/v1", "api.acme.example", ["5: providers[0].base_url must be an address"]),
        ("    model: gpt-4o-mini\n", "", ["4: providers[0].model is missing; add it"]),
        ("key_file: acme.key", "api_key: sk-secret", ["7: providers[0].api_key is unknown"]),
        ("requests_per_minute: 500", "requests_per_minute: 0", ["8: providers[0].requests_per_minute must be"]),
        ("timeout: 90s", "timeout: 90", ["11: providers[0].timeout must be a duration from 100ms to 1h"]),
        ("stream: false", "stream: 0", ["12: providers[0].stream must be true or false"]),
        ("temperature: 0.3", "temperature: 2.5", ["13: providers[0].temperature must be a number from 0 to 2"]),
        (
            "token_limit_field: max_completion_tokens", "token_limit_field: tokens",
            ["15: providers[0].token_limit_field must be max_tokens or max_completion_tokens"]
        ),
        (
            "{input_usd_per_million: 0.15, output_usd_per_million: 0.6}", "{input_usd_per_million: 20000}",
            [
                "16: providers[0].price.output_usd_per_million is missing",
                "16: providers[0].price.input_usd_per_million must be an amount from 0 to 10000",
            ]
        ),
        ("  - name: local", "  - name: acme", ["18: providers[1].name: acme stands twice"]),
    ])
    func whatIsWrongIsReportedWithItsLine(line: String, wrong: String, expected: [String]) throws {
        try #require(Self.complete.contains(line))
        let error = #expect(throws: OperatorFileError.self) {
            try self.read(Self.complete.replacing(line, with: wrong))
        }
        let report = try #require(error).description.split(separator: "\n").map(String.init)
        #expect(report.count == expected.count, "\(report.joined(separator: "\n"))")
        for start in expected {
            #expect(report.contains { $0.hasPrefix("providers.yaml:\(start)") }, "\(report.joined(separator: "\n"))")
        }
    }

    @Test(arguments: ["providers: []", "providers: {}", "daily_usd: 1", "", "- a", "providers: ["])
    func aFileWithoutProvidersIsRefused(yaml: String) {
        #expect(throws: OperatorFileError.self) { try self.read(yaml) }
    }

    @Test(
        arguments: [
            (0, 0, 0), (1, 0, 1), (1_000_000, 0, 150_000), (0, 1_000_000, 600_000), (1_234, 567, 526), (-5, 10, 6),
            (Int.max, Int.max, 75_000_000),
        ] as [(Int, Int, Int64)])
    func costIsExactToTheMicroAndRoundedUp(prompt: Int, completion: Int, micros: Int64) {
        let price = ModelProviders.Price(inputMicrosPerMillion: 150_000, outputMicrosPerMillion: 600_000)
        #expect(price.micros(promptTokens: prompt, completionTokens: completion) == micros)
    }
}
