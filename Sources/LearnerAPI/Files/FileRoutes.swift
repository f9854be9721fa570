import ContentHashing
import FoundationEssentials
import HTTPTypes
import Hummingbird

/// What the API says of itself to programs, outside of `/api`.
struct FileRoutes: Sendable {
    static let paths: Set = ["/openapi.json", "/openapi.yaml", "/llms.txt", "/.well-known/security.txt"]

    private let json: PublicFile
    private let yaml: PublicFile
    private let guide: PublicFile
    private let contact: PublicFile?

    /// - Throws: ``OpenAPIError`` where the installation lacks a file.
    init(contact: SecurityContact?) throws {
        let document = try OpenAPIDocument.bundled()
        self.json = PublicFile(document.json, type: "application/json; charset=utf-8")
        self.yaml = PublicFile(Array(document.yaml.utf8), type: "application/yaml; charset=utf-8")
        self.guide = PublicFile(try BundledText.bytes(of: "llms.txt"), type: "text/plain; charset=utf-8")
        self.contact = contact.map { PublicFile(Array($0.text.utf8), type: "text/plain; charset=utf-8") }
    }

    var routes: [Route] {
        [
            Route(file: "/openapi.json") { self.json.response(to: $0) },
            Route(file: "/openapi.yaml") { self.yaml.response(to: $0) },
            Route(file: "/llms.txt") { self.guide.response(to: $0) },
            Route(file: "/.well-known/security.txt") { request in
                guard let contact = self.contact else { throw Problem(.notFound, "The operator named no contact.") }
                return contact.response(to: request)
            },
        ]
    }
}

/// A file that is the same for everybody as long as the process runs.
private struct PublicFile: Sendable {
    private let body: ByteBuffer
    private let type: String
    private let tag: String

    init(_ bytes: [UInt8], type: String) {
        self.body = ByteBuffer(bytes: bytes)
        self.type = type
        self.tag = "\"\(ContentHash(of: bytes).hex)\""
    }

    /// The file, or 304 to those who have it.
    func response(to request: APIRequest) -> Response {
        var headers = HTTPFields.publicContent(tag: self.tag, maximumAge: .seconds(300))
        if EntityTags.match(request.request.headers[values: .ifNoneMatch], tag: self.tag) {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentType] = self.type
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: self.body))
    }
}
