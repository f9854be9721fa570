import HTTPTypes

extension HTTPField.Name {
    static let userID = Self.registered("X-User-ID")
    static let requestID = Self.registered("X-Request-ID")
    static let prefer = Self.registered("Prefer")
    static let idempotencyKey = Self.registered("Idempotency-Key")
    static let lastEventID = Self.registered("Last-Event-ID")
    static let rateLimit = Self.registered("RateLimit")
    static let rateLimitPolicy = Self.registered("RateLimit-Policy")
    static let forwardedFor = Self.registered("X-Forwarded-For")
    static let preferenceApplied = Self.registered("Preference-Applied")
    static let traceparent = Self.registered("traceparent")
    static let tracestate = Self.registered("tracestate")
    static let referrerPolicy = Self.registered("Referrer-Policy")
    static let crossOriginResourcePolicy = Self.registered("Cross-Origin-Resource-Policy")
    static let crossOriginOpenerPolicy = Self.registered("Cross-Origin-Opener-Policy")

    private static func registered(_ name: StaticString) -> HTTPField.Name {
        guard let name = HTTPField.Name(name.description) else { preconditionFailure("a constant is no field name") }
        return name
    }
}
