import HTTPTypes
import Hummingbird

/// The cookie of a browser that signed in to the console.
///
/// Not for scripts, not for other sites, for the console's addresses only.
enum OperatorCookie {
    private static let name = "lectern_operator"

    /// What the request brings.
    static func secret(in request: Request) -> String? {
        request.cookies[Self.name]?.value
    }

    /// - Parameter isSecure: whether the browser came by HTTPS, as far as the proxy before us says.
    static func header(_ secret: String, seconds: Int64, isSecure: Bool) -> String {
        "\(Self.name)=\(secret); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Strict" + (isSecure ? "; Secure" : "")
    }
}
