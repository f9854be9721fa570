import FoundationEssentials
import HTTPTypes
import Hummingbird

/// What the API says of itself to programs, outside of `/api`.
struct FileRoutes: Sendable {
    static let paths: Set = ["/openapi.json", "/openapi.yaml", "/llms.txt", "/.well-known/security.txt"]

    private let json: TaggedBody
    private let yaml: TaggedBody
    private let guide: TaggedBody
    private let contact: TaggedBody?

    /// - Throws: ``OpenAPIError`` where the installation lacks a file.
    init(contact: SecurityContact?) throws {
        let document = try OpenAPIDocument.bundled()
        self.json = TaggedBody(document.json)
        self.yaml = TaggedBody(Array(document.yaml.utf8), type: "application/yaml; charset=utf-8")
        self.guide = TaggedBody(try BundledText.bytes(of: "llms.txt"), type: "text/plain; charset=utf-8")
        self.contact = contact.map { TaggedBody(Array($0.text.utf8), type: "text/plain; charset=utf-8") }
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
