import HTTPTypes
import Hummingbird
import Learners

/// A form that is not looked at further.
struct PageRefusal: Error {
    let status: HTTPResponse.Status

    init(_ status: HTTPResponse.Status) {
        self.status = status
    }
}

/// What the error page shows.
struct ErrorPage {
    let status: Int
    let heading: String
    let detail: String
    /// Reading the same address again may help.
    let mayRetry: Bool
    let address: String
}

extension Site {
    func refusal(_ refusal: PageRefusal, _ visitor: Visitor, _ request: Request) throws -> Response {
        try self.errorPage(
            visitor, request, refusal.status, heading: self.heading(of: refusal.status, visitor.language),
            detail: self.strings.text("error_\(refusal.status.code)_text", visitor.language))
    }

    /// A page about an error that came up anywhere; `nil` when even that cannot be made. Title and detail are in
    /// English and more precise than the status: readers of other languages are told what the status says, and so is who
    /// has to sign in, since the detail speaks of tokens.
    func errorPage(_ request: Request, _ status: HTTPResponse.Status, title: String, detail: String) -> Response? {
        let visitor = Visitor(request)
        let language = visitor.language
        let isOurs = language != .en || status == .unauthorized
        let known = Self.explained.contains(status.code) ? status.code : status.code >= 500 ? 500 : 400
        do {
            return try self.errorPage(
                visitor, request, status,
                heading: !isOurs ? title : self.strings.text("error_\(known)_title", language),
                detail: !isOurs ? detail : self.strings.text("error_\(known)_text", language))
        } catch {
            // The caller has an answer of its own for programs, which says the same.
            return nil
        }
    }

    /// Statuses with sentences of their own.
    private static let explained: Set = [400, 401, 403, 404, 405, 413, 415, 422, 429, 500, 503]

    private func heading(of status: HTTPResponse.Status, _ language: PreferredLanguage) -> String {
        self.strings.text("error_\(status.code)_title", language)
    }

    private func errorPage(
        _ visitor: Visitor, _ request: Request, _ status: HTTPResponse.Status, heading: String, detail: String
    ) throws -> Response {
        let address = request.method == .get ? LocalAddress(request.uri.string)?.text : nil
        let model = ErrorPage(
            status: status.code, heading: heading, detail: detail,
            mayRetry: address != nil && (status.code == 429 || status.code >= 500), address: address ?? "/")
        return try self.page(PageContent("error", title: heading, model), visitor, request, status: status)
    }
}
