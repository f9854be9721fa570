import ContentHashing
import Foundation
import HTTPTypes
import Hummingbird
import Mustache

/// The templates of the pages. Whatever they print is escaped, but for the HTML of a lesson, which the renderer made.
struct PageTemplates: Sendable {
    enum Name: String, CaseIterable {
        case head, foot, contents, lesson, error
    }

    private let library: MustacheLibrary

    init() throws(WebError) {
        var library = MustacheLibrary()
        for name in Name.allCases {
            let text = try BundledFile("Templates/\(name.rawValue).mustache").text()
            do {
                try library.register(text, named: name.rawValue)
            } catch {
                throw WebError(code: .malformedTemplate, message: "The template \(name.rawValue) does not parse.")
            }
        }
        self.library = library
    }

    /// The page; `nil` only for a template that is not registered.
    func response(_ page: Any, template: Name, status: HTTPResponse.Status = .ok) -> Response? {
        guard let html = self.library.render(page, withTemplate: template.rawValue) else { return nil }
        var headers: HTTPFields = [
            .contentType: "text/html; charset=utf-8", .contentSecurityPolicy: Self.policy, .vary: "Accept",
        ]
        if status == .ok {
            headers[.cacheControl] = "public, max-age=60, stale-while-revalidate=600"
            headers[.eTag] = "\"\(ContentHash(of: html).hex)\""
        } else {
            headers[.cacheControl] = "no-store"
        }
        return Response(
            status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
    }

    /// Own files only, nothing inline, nobody's frame.
    private static let policy = """
        default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; \
        form-action 'self'; base-uri 'none'; frame-ancestors 'none'
        """
}

/// A file that ships with this module.
struct BundledFile {
    private let path: String

    init(_ path: String) {
        self.path = path
    }

    /// - Throws: ``WebError`` when the installation lacks the file.
    func bytes() throws(WebError) -> [UInt8] {
        do {
            return [UInt8](try Data(contentsOf: Bundle.module.bundleURL.appendingPathComponent(self.path)))
        } catch {
            throw WebError(code: .fileUnreadable, message: "The file \(self.path) cannot be read.")
        }
    }

    /// - Throws: ``WebError`` when the installation lacks the file.
    func text() throws(WebError) -> String {
        String(decoding: try self.bytes(), as: UTF8.self)
    }
}
