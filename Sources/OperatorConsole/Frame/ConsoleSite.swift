import HTTPTypes
import Hummingbird

/// What all pages of the console share: how they are made and answered.
struct ConsoleSite: Sendable {
    private let templates: ConsoleTemplates

    /// - Throws: ``ConsoleError``.
    init() throws(ConsoleError) {
        self.templates = try ConsoleTemplates()
    }

    /// The page.
    func answer(
        _ frame: ConsoleFrame, _ model: Any, status: HTTPResponse.Status = .ok
    ) throws -> Response {
        Response(
            status: status, headers: Self.headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: try self.templates.html(frame, model))))
    }

    /// The page of a call: with who asks, the notice that the address names, and a wish to be refreshed.
    func page(
        _ call: OperatorCall, _ template: String, title: String, place: ConsoleFrame.Place?, isLive: Bool = false,
        status: HTTPResponse.Status = .ok, _ model: Any
    ) throws -> Response {
        let query = try call.query()
        let refresh = query["refresh"].flatMap(Int.init).map { min(max($0, 5), 3_600) }
        return try self.answer(
            ConsoleFrame(
                template, title: title, place: place, who: call.who,
                notice: query["notice"].flatMap(ConsoleNotice.init), refreshAfter: refresh, isLive: isLive,
                address: Self.withoutNotice(call.request.uri.string)),
            model, status: status)
    }

    /// An error for people.
    func refusal(_ status: HTTPResponse.Status, _ message: String, headers: HTTPFields) throws -> Response {
        struct Model {
            let status: Int
            let heading: String
            let message: String
        }
        let heading = "\(status.reasonPhrase.prefix(1))\(status.reasonPhrase.dropFirst().lowercased())"
        var response = try self.answer(
            ConsoleFrame("error", title: heading), Model(status: status.code, heading: heading, message: message),
            status: status)
        for field in headers where field.name != .contentType { response.headers.append(field) }
        return response
    }

    /// Leads the browser to another page, by GET.
    static func seeOther(_ address: String) -> Response {
        Response(status: .seeOther, headers: [.location: address, .cacheControl: "no-store"])
    }

    /// Where a form leads back to: the page, with what became of the wish.
    static func done(_ notice: ConsoleNotice, at path: String, _ fields: KeyValuePairs<String, String?> = [:])
        -> Response
    {
        let address = ConsoleAddress.text(path, fields)
        return self.seeOther("\(address)\(address.contains("?") ? "&" : "?")notice=\(notice.rawValue)")
    }

    private static func withoutNotice(_ address: String) -> String {
        let halves = address.split(separator: "?", maxSplits: 1)
        guard let path = halves.first, path.hasPrefix("/ops") else { return "/ops" }
        let fields = halves.count < 2 ? [] : halves[1].split(separator: "&").filter { !$0.hasPrefix("notice=") }
        return fields.isEmpty ? String(path) : "\(path)?\(fields.joined(separator: "&"))"
    }

    private static let headers: HTTPFields = {
        var headers: HTTPFields = [
            .contentType: "text/html; charset=utf-8", .cacheControl: "no-store", .contentSecurityPolicy: Self.policy,
            .vary: "Cookie, Authorization, Accept",
        ]
        if let name = HTTPField.Name("X-Robots-Tag") { headers[name] = "noindex, nofollow" }
        // With "no-referrer" browsers hide the origin of our own forms too.
        if let name = HTTPField.Name("Referrer-Policy") { headers[name] = "same-origin" }
        return headers
    }()

    /// Own files only, nothing inline, nobody's frame.
    private static let policy = """
        default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; \
        form-action 'self'; frame-ancestors 'none'
        """
}
