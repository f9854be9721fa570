import HTTPTypes
import Hummingbird

/// Who may look at the console.
///
/// With a token, whoever sends it as `Authorization: Bearer`. Without one, only callers of a process that listens on
/// the loopback address, by that address's own names (a foreign name in `Host` is another site's page that had its name
/// pointed at us) and not through a proxy. Otherwise there is no console.
public enum OperatorAccess: Sendable {
    case token(String)
    case loopback
    case nobody

    /// - Parameters:
    ///   - token: at least 16 bytes; an empty or shorter one counts as a mistake, and nobody gets in.
    ///   - host: the address the process listens on.
    public init(token: String?, listeningOn host: String) {
        if let token {
            self = token.utf8.count >= 16 ? .token(token) : .nobody
        } else {
            self = Self.loopbackNames.contains(host.lowercased()) ? .loopback : .nobody
        }
    }

    private static let loopbackNames: Set = ["127.0.0.1", "::1", "[::1]", "localhost"]

    enum Decision: Hashable {
        case allowed
        case needsToken
        case hidden
    }

    func decide(_ request: Request) -> Decision {
        switch self {
        case .nobody:
            return .hidden
        case .token(let token):
            let fields = request.headers[values: .authorization]
            guard fields.count == 1, let field = fields.first, field.lowercased().hasPrefix("bearer ") else {
                return .needsToken
            }
            return Self.isEqual(field.dropFirst("bearer ".count), token) ? .allowed : .needsToken
        case .loopback:
            let isForwarded = request.headers.contains {
                ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"].contains($0.name.canonicalName)
            }
            guard !isForwarded, let host = request.head.authority.map(Self.name) else { return .hidden }
            return Self.loopbackNames.contains(host) ? .allowed : .hidden
        }
    }

    /// Lets the request pass or says why not.
    /// - Throws: `HTTPError`: 401 where the token is missing or wrong, 404 where there is nothing for this caller.
    func require(_ request: Request) throws {
        switch self.decide(request) {
        case .allowed: return
        case .needsToken:
            throw HTTPError(
                .unauthorized, headers: [.wwwAuthenticate: "Bearer realm=\"operators\""],
                message: "The operators' token is needed.")
        case .hidden: throw HTTPError(.notFound)
        }
    }

    /// The name of `name:port` or `[address]:port`.
    private static func name(_ authority: String) -> String {
        let text = authority.lowercased()
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") { return String(text[...end]) }
        return String(text.prefix { $0 != ":" })
    }

    /// Takes as long for a wrong guess as for a right one of the same length.
    private static func isEqual(_ guess: some StringProtocol, _ token: String) -> Bool {
        let (guess, token) = (Array(guess.utf8), Array(token.utf8))
        var difference = guess.count ^ token.count
        for (index, byte) in token.enumerated() {
            difference |= Int(byte ^ (index < guess.count ? guess[index] : ~byte))
        }
        return difference == 0
    }
}
