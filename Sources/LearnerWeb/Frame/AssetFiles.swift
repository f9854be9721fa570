import ContentHashing
import HTTPTypes
import Hummingbird

/// The files beside the pages, read once: everything in `Assets`.
struct AssetFiles: Sendable {
    private struct Asset: Sendable {
        let type: String
        let tag: String
        let body: ByteBuffer
    }

    private static let types = [
        ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
    ]

    private let assets: [String: Asset]

    init() throws(WebError) {
        var assets: [String: Asset] = [:]
        for (ending, type) in Self.types {
            for name in try BundledFile.names(in: "Assets", ending: ending) {
                let file = BundledFile("Assets/\(name)")
                let bytes: [UInt8] =
                    switch ending {
                    case ".css": Array(LeanText.styleSheet(try file.text()).utf8)
                    case ".js": Array(LeanText.script(try file.text()).utf8)
                    default: try file.bytes()
                    }
                assets[name] = Asset(
                    type: type, tag: "\"\(ContentHash(of: bytes).hex)\"", body: ByteBuffer(bytes: bytes))
            }
        }
        self.assets = assets
    }

    func file(_ request: Request) throws -> Response {
        guard let name = request.uri.path.split(separator: "/").last, let asset = self.assets[String(name)] else {
            throw HTTPError(.notFound)
        }
        let headers: HTTPFields = [
            .contentType: asset.type, .eTag: asset.tag, .cacheControl: "public, max-age=300",
        ]
        if request.hasCopy(under: asset.tag) { return Response(status: .notModified, headers: headers) }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: asset.body))
    }
}

extension Request {
    /// Whether the caller names the tag in `If-None-Match` (RFC 9110, section 13.1.2).
    func hasCopy(under tag: String) -> Bool {
        self.headers[values: .ifNoneMatch].flatMap { $0.split(separator: ",") }.contains {
            let candidate = $0.split(separator: " ").joined()
            return candidate == "*" || candidate == tag || candidate == "W/" + tag
        }
    }
}
