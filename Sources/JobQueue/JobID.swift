/// The identity of one job.
///
/// The database makes it from its own clock: milliseconds since 1970 in the upper 43 bits, a sequence in the lower
/// 20. Ids therefore sort by time of acceptance and select the daily partition that holds the job's body.
/// In JSON it stands as a string, since it exceeds the integers that JavaScript holds exactly.
public struct JobID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let rawValue: Int64

    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// Reads the decimal text form; `nil` for anything else.
    public init?(_ text: String) {
        guard let value = Int64(text), value > 0 else { return nil }
        self.rawValue = value
    }

    public var description: String { String(self.rawValue) }

    public static func < (lhs: JobID, rhs: JobID) -> Bool { lhs.rawValue < rhs.rawValue }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let id = JobID(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a job id is a positive decimal number"))
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }
}
