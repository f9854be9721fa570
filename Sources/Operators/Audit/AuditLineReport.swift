import FoundationEssentials

/// A line of the audit log for programs, its members named as in the API's description.
public struct AuditLineReport: Encodable, Sendable {
    public var id: Int64
    /// ISO 8601.
    public var at: String
    public var actor: String
    public var role: String
    public var action: String
    public var subject: String
    public var outcome: String
    public var about: Int64?
    public var reason: String?
    public var detail: String?
    public var request_id: String?
    /// 64 lowercase hexadecimal digits.
    public var hash: String

    public init(_ line: AuditLine) {
        self.id = line.id
        self.at = line.at.formatted(.iso8601)
        self.actor = line.actor
        self.role = line.role
        self.action = line.act.action
        self.subject = line.act.subject
        self.outcome = line.outcome.rawValue
        self.about = line.about
        self.reason = line.act.reason
        self.detail = line.act.detail
        self.request_id = line.requestID
        self.hash = line.hashText
    }
}
