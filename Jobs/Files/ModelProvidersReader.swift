import JobQueue
import Yams

/// Reads the operators' list of providers.
struct ModelProvidersReader {
    private var reader: OperatorFileReader

    private static let required = ["name", "base_url", "model"]
    private static let optional = [
        "key_file", "requests_per_minute", "tokens_per_minute", "concurrency", "timeout", "stream", "temperature",
        "max_tokens", "token_limit_field", "price", "daily_usd",
    ]
    private static let rate = 1...1_000_000_000
    private static let amount = "an amount from 0 to 1000000 with at most six decimals, such as 25.00"
    /// In US dollars for a million tokens; keeps every product within 64 bits.
    private static let highestPrice: Int64 = 10_000

    init(file: String) {
        self.reader = OperatorFileReader(file: file)
    }

    mutating func read(_ yaml: String) throws(OperatorFileError) -> ModelProviders {
        var result = ModelProviders()
        if let root = self.reader.root(of: yaml),
            let file = self.reader.table(
                root, path: "", required: ["providers"], optional: ["daily_usd", "daily_usd_per_learner"])
        {
            result.dailyCapMicros = self.amount(file, "daily_usd")
            result.dailyCapMicrosPerLearner = self.amount(file, "daily_usd_per_learner")
            if let list = file.entries.first(where: { $0.name == "providers" }) {
                result.providers = self.providers(list.value)
            }
        }
        return try self.reader.finish(result)
    }

    private mutating func providers(_ node: Node) -> [ModelProviders.Provider] {
        guard let sequence = node.sequence, !sequence.isEmpty else {
            self.reader.note(node, "providers must be a list of at least one provider, the preferred one first")
            return []
        }
        var providers: [ModelProviders.Provider] = []
        for (index, item) in sequence.enumerated() {
            guard
                let row = self.reader.table(
                    item, path: "providers[\(index)]", required: Self.required, optional: Self.optional),
                let provider = self.provider(row)
            else { continue }
            if providers.contains(where: { $0.name == provider.name }) {
                self.reader.note(item, "\(row.path("name")): \(provider.name) stands twice; give each its own name")
            }
            providers.append(provider)
        }
        return providers
    }

    private mutating func provider(_ row: OperatorFileTable) -> ModelProviders.Provider? {
        let name = self.reader.value(
            row, "name", expected: "1 to 64 lower-case letters, digits, ., - and _, a letter or digit first"
        ) { $0.wholeMatch(of: /[a-z0-9][a-z0-9._\-]{0,63}/) == nil ? nil : $0 }
        let baseURL = self.reader.value(
            row, "base_url", expected: "an address that begins with http:// or https://"
        ) { $0.wholeMatch(of: /https?:\/\/[^\s\/?#][^\s?#]{0,500}/) == nil ? nil : $0 }
        let model = self.word(row, "model", limit: 200)
        let limits = self.limits(row)
        let style = self.style(row)
        let keyFile = row["key_file"] == nil ? nil : self.word(row, "key_file", limit: 4_096)
        let timeout =
            row["timeout"] == nil
            ? .seconds(60) : self.reader.duration(row, "timeout", in: .milliseconds(100)...Duration.seconds(3_600))
        let cap = self.amount(row, "daily_usd")
        let price = self.price(row)
        guard let name, let baseURL, let model, let timeout, let price else { return nil }
        return ModelProviders.Provider(
            name: name, baseURL: baseURL, model: model, keyFile: keyFile, requestsPerMinute: limits.requests,
            tokensPerMinute: limits.tokens, concurrency: limits.concurrency, timeout: timeout, streams: style.streams,
            temperature: style.temperature, maximumTokens: style.maximumTokens, tokenLimitField: style.field,
            price: price, dailyCapMicros: cap)
    }

    private mutating func limits(_ row: OperatorFileTable) -> (requests: Int?, tokens: Int?, concurrency: Int?) {
        (
            self.reader.limit(row, "requests_per_minute", in: Self.rate),
            self.reader.limit(row, "tokens_per_minute", in: Self.rate),
            self.reader.limit(row, "concurrency", in: 1...10_000)
        )
    }

    private struct Style {
        var streams = true
        var temperature: Double?
        var maximumTokens: Int?
        var field = ModelProviders.TokenLimitField.maxTokens
    }

    private mutating func style(_ row: OperatorFileTable) -> Style {
        var style = Style()
        if row["stream"] != nil {
            style.streams =
                self.reader.value(row, "stream", expected: "true or false") { ["true": true, "false": false][$0] }
                ?? true
        }
        if row["temperature"] != nil {
            style.temperature = self.reader.value(row, "temperature", expected: "a number from 0 to 2") { text in
                text.wholeMatch(of: /[0-9](?:\.[0-9]{1,6})?/) == nil
                    ? nil : Double(text).flatMap { $0 <= 2 ? $0 : nil }
            }
        }
        style.maximumTokens = self.reader.limit(row, "max_tokens", in: 1...10_000_000)
        if row["token_limit_field"] != nil {
            let names = ModelProviders.TokenLimitField.allCases.map(\.rawValue).joined(separator: " or ")
            style.field =
                self.reader.value(row, "token_limit_field", expected: names) {
                    ModelProviders.TokenLimitField(rawValue: $0)
                } ?? .maxTokens
        }
        return style
    }

    /// Free where no price is given.
    private mutating func price(_ row: OperatorFileTable) -> ModelProviders.Price? {
        guard let node = row["price"] else { return ModelProviders.Price() }
        guard
            let table = self.reader.table(
                node, path: row.path("price"), required: ["input_usd_per_million", "output_usd_per_million"])
        else { return nil }
        let amounts = ["input_usd_per_million", "output_usd_per_million"].map { name in
            self.reader.value(
                table, name, expected: "an amount from 0 to \(Self.highestPrice) with at most six decimals"
            ) { text in
                USDAmount.micros(text).flatMap { $0 <= Self.highestPrice * 1_000_000 ? $0 : nil }
            }
        }
        guard let input = amounts[0], let output = amounts[1] else { return nil }
        return ModelProviders.Price(inputMicrosPerMillion: input, outputMicrosPerMillion: output)
    }

    private mutating func amount(_ table: OperatorFileTable, _ name: String) -> Int64? {
        guard table[name] != nil else { return nil }
        return self.reader.value(table, name, expected: Self.amount) { USDAmount.micros($0) }
    }

    private mutating func word(_ row: OperatorFileTable, _ name: String, limit: Int) -> String? {
        self.reader.value(row, name, expected: "a text of 1 to \(limit) bytes on one line") { text in
            text.contains(where: \.isNewline) || text.isEmpty || text.utf8.count > limit ? nil : text
        }
    }
}
