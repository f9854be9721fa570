import FoundationEssentials

/// What a provider says about its failure, in the shapes seen in the field:
///
/// - OpenAI, llama.cpp, new vLLM: `{"error": {"message", "type", "code"}}`
/// - Gemini: the same with a numeric `code`, `status` and `details`, also inside a one-element array
/// - older vLLM: `{"object": "error", "message", "type", "code"}`
/// - Ollama: `{"error": "text"}`; FastAPI servers: `{"detail": "text"}` or `{"detail": [{"msg"}]}`
struct ProviderErrorBody: Sendable, Hashable {
    /// One line of at most 500 characters.
    var message: String?
    /// The kinds the provider gives: its `code`, `type` and `status`.
    var kinds: Set<String> = []
    /// A `code` that is an HTTP status.
    var status: Int?
    /// Gemini's `RetryInfo`.
    var retryAfter: Duration?

    init() {}

    /// `nil` where the body reports no failure in any known shape.
    init?(_ body: [UInt8]) {
        // What is not JSON carries no error to report.
        guard let wire = try? JSONDecoder().decode(Wire.self, from: Data(body.prefix(64 << 10))) else { return nil }
        guard let fields = wire.fields else { return nil }
        self.message = fields.message.map(Self.singleLine)
        self.kinds = Set([fields.code?.text, fields.type, fields.status].compactMap { $0?.lowercased() })
        self.status = fields.code?.number.flatMap { (400...599).contains($0) ? $0 : nil }
        self.retryAfter = fields.retryDelay.flatMap { $0.hasSuffix("s") ? Double($0.dropLast()) : nil }
            .flatMap(RetryAfter.duration(seconds:))
    }

    /// A 429 that no waiting cures.
    var isQuotaExhausted: Bool { self.kinds.contains("insufficient_quota") }
    /// The provider's policy forbids the question.
    var isRefusal: Bool { !self.kinds.isDisjoint(with: ["content_policy_violation", "content_filter"]) }

    private static func singleLine(_ text: String) -> String {
        String(text.prefix(500).map { $0.isNewline || $0.isASCII && $0 < " " ? " " : $0 })
    }
}

extension ProviderErrorBody {
    private struct Wire: Decodable {
        let fields: Fields?

        private enum Key: String, CodingKey { case error, object, detail }
        private struct Detail: Decodable { let msg: String }

        init(from decoder: any Decoder) throws {
            if var array = try? decoder.unkeyedContainer() {
                self.fields = try array.decode(Wire.self).fields
                return
            }
            let container = try decoder.container(keyedBy: Key.self)
            if let fields = try? container.decode(Fields.self, forKey: .error) {
                self.fields = fields
            } else if let text = try? container.decode(String.self, forKey: .error) {
                self.fields = Fields(message: text)
            } else if (try? container.decode(String.self, forKey: .object)) == "error" {
                self.fields = try Fields(from: decoder)
            } else if let text = try? container.decode(String.self, forKey: .detail) {
                self.fields = Fields(message: text)
            } else if let details = try? container.decode([Detail].self, forKey: .detail) {
                self.fields = Fields(message: details.map(\.msg).joined(separator: "; "))
            } else {
                self.fields = nil
            }
        }
    }

    private struct Fields: Decodable {
        var message: String?
        var type: String?
        var code: TextOrNumber?
        var status: String?
        var retryDelay: String?

        private enum Key: String, CodingKey { case message, type, code, status, details }
        private struct Detail: Decodable { let retryDelay: String? }

        init(message: String) {
            self.message = message
        }

        // Each field stands for itself: one of an unexpected type costs only itself.
        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            self.message = try? container.decode(String.self, forKey: .message)
            self.type = try? container.decode(String.self, forKey: .type)
            self.code = try? container.decode(TextOrNumber.self, forKey: .code)
            self.status = try? container.decode(String.self, forKey: .status)
            let details = try? container.decode([Detail].self, forKey: .details)
            self.retryDelay = details?.lazy.compactMap(\.retryDelay).first
        }
    }

    private struct TextOrNumber: Decodable {
        var text: String?
        var number: Int?

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            self.number = try? container.decode(Int.self)
            self.text = self.number == nil ? try container.decode(String.self) : nil
        }
    }
}
