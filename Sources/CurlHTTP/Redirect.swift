/// The rules for following a redirect (RFC 9110, section 15.4), for GET and HEAD only.
enum Redirect {
    private static let statuses: Set<Int> = [301, 302, 303, 307, 308]
    private static let harmlessHeaders = ["accept", "accept-language", "user-agent"]

    /// The request to send next, `nil` where `status` ends the matter.
    static func next(
        after request: HTTPClientRequest, at url: HTTPURL, status: Int, headers: HTTPClientHeaders
    ) throws(HTTPClientError) -> HTTPClientRequest? {
        guard request.maximumRedirects > 0, self.statuses.contains(status), let location = headers.first("location"),
            request.method == "GET" || request.method == "HEAD"
        else { return nil }
        let target = try HTTPURL(location, relativeTo: url)
        guard url.scheme == "http" || target.scheme == "https" else {
            throw HTTPClientError(.tooManyRedirects, "\(request): redirected from https to http")
        }
        var next = request
        next.url = target.text
        next.maximumRedirects -= 1
        if !target.hasSameOrigin(as: url) {
            next.headers = request.headers.filter { header in
                self.harmlessHeaders.contains { HTTPClientHeaders.areEqual($0, header.name) }
            }
        }
        return next
    }
}
