import HTTPTypes
import Hummingbird

/// Refuses what a page of another site sends in its reader's name.
///
/// Browsers say where a request comes from (W3C Fetch Metadata, `Sec-Fetch-Site`; RFC 6454 `Origin` where they are
/// older); programs say neither and send no credential that a page could borrow.
enum SameOrigin {
    /// - Throws: `HTTPError` 403 for an unsafe method of another origin.
    static func check(_ request: Request) throws {
        guard ![.get, .head, .options].contains(request.method), Self.isForeign(request) else { return }
        throw HTTPError(.forbidden, message: "This was sent by a page of another site. Use the console's own pages.")
    }

    private static func isForeign(_ request: Request) -> Bool {
        if let name = HTTPField.Name("Sec-Fetch-Site"), let site = request.headers[name] {
            return site != "same-origin" && site != "none"
        }
        guard let origin = request.headers[.origin] else { return false }
        guard let authority = request.head.authority else { return true }
        return origin != "http://\(authority)" && origin != "https://\(authority)"
    }
}
