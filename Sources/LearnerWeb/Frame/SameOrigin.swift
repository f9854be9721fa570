import HTTPTypes
import Hummingbird

/// Whether a request that changes something comes from our own pages: another site's page may send a form here too,
/// and the browser would add our cookies to it.
enum SameOrigin {
    /// Browsers say where a request comes from in `Sec-Fetch-Site`; over plain HTTP only `Origin` tells. What says
    /// neither is refused.
    static func isProven(by request: Request) -> Bool {
        if let name = HTTPField.Name("Sec-Fetch-Site"), let site = request.headers[name] {
            return site == "same-origin" || site == "none"
        }
        guard let origin = request.headers[.origin]?.lowercased(), let host = request.head.authority?.lowercased(),
            !host.isEmpty
        else { return false }
        return origin == "http://" + host || origin == "https://" + host
    }
}
