import HTTPTypes

extension HTTPField.Name {
    static let userID = Self.registered("X-User-ID")
    static let requestID = Self.registered("X-Request-ID")
    static let prefer = Self.registered("Prefer")
    static let preferenceApplied = Self.registered("Preference-Applied")
    static let traceparent = Self.registered("traceparent")
    static let tracestate = Self.registered("tracestate")
    static let referrerPolicy = Self.registered("Referrer-Policy")

    private static func registered(_ name: StaticString) -> HTTPField.Name {
        guard let name = HTTPField.Name(name.description) else { preconditionFailure("a constant is no field name") }
        return name
    }
}
