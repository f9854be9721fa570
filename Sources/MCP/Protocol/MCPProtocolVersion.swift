/// The published revisions of MCP, oldest first.
public enum MCPProtocolVersion: String, CaseIterable, Comparable, Hashable, Sendable {
    case v2024_11_05 = "2024-11-05"
    case v2025_03_26 = "2025-03-26"
    case v2025_06_18 = "2025-06-18"
    case v2025_11_25 = "2025-11-25"
    case v2026_07_28 = "2026-07-28"

    /// Whether every request stands for itself, without an `initialize` handshake.
    public var isStateless: Bool { self >= .v2026_07_28 }

    /// The newest revision with a handshake.
    package static let latestWithHandshake = MCPProtocolVersion.v2025_11_25

    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// The three ways of carrying MCP over HTTP.
public enum MCPGeneration: String, Hashable, Sendable, Codable, CaseIterable {
    /// HTTP+SSE of 2024-11-05: one event stream for all answers, POSTs to the address that it names.
    case httpSSE = "http_sse"
    /// Streamable HTTP of 2025-03-26 to 2025-11-25: POSTs within a session.
    case streamableHTTP = "streamable_http"
    /// Stateless requests of 2026-07-28.
    case stateless
}
