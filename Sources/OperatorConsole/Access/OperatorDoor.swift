import HTTPTypes
import Hummingbird

/// What opens the operators' addresses besides their keys.
enum OperatorDoor: Hashable, Sendable {
    case token(String)
    case loopback
    case keys

    init(token: String?, listeningOn host: String) {
        if let token {
            self = token.utf8.count >= 16 ? .token(token) : .keys
        } else {
            self = Self.loopbackNames.contains(host.lowercased()) ? .loopback : .keys
        }
    }

    private static let loopbackNames: Set = ["127.0.0.1", "::1", "[::1]", "localhost"]

    /// Whether somebody on this machine asks, by the machine's own name and through nobody.
    static func isLocal(_ request: Request) -> Bool {
        let isForwarded = request.headers.contains {
            ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"].contains($0.name.canonicalName)
        }
        guard !isForwarded, let host = request.head.authority.map(Self.name) else { return false }
        return Self.loopbackNames.contains(host)
    }

    /// The name of `name:port` or `[address]:port`.
    private static func name(_ authority: String) -> String {
        let text = authority.lowercased()
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") { return String(text[...end]) }
        return String(text.prefix { $0 != ":" })
    }

    /// Takes as long for a wrong guess as for a right one of the same length.
    static func isEqual(_ guess: some StringProtocol, _ token: String) -> Bool {
        let (guess, token) = (Array(guess.utf8), Array(token.utf8))
        var difference = guess.count ^ token.count
        for (index, byte) in token.enumerated() {
            difference |= Int(byte ^ (index < guess.count ? guess[index] : ~byte))
        }
        return difference == 0
    }
}
