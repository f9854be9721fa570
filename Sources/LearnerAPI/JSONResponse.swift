import ContentHashing
import FoundationEssentials
import HTTPTypes
import Hummingbird

/// An answer in JSON.
enum JSONResponse {
    /// The value as JSON with sorted members.
    static func make(
        _ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) throws -> Response {
        self.response(try self.bytes(of: value), status: status, headers: headers)
    }

    /// JSON that is there already.
    static func make(_ body: ByteBuffer, headers: HTTPFields) -> Response {
        self.response(body, status: .ok, headers: headers)
    }

    /// The value for public caches, under a tag over its bytes; 304 to those who have it.
    static func cached(_ value: some Encodable, for request: APIRequest) throws -> Response {
        TaggedBody(try self.bytes(of: value)).response(to: request)
    }

    static func bytes(of value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return Array(try encoder.encode(value))
    }

    private static func response(_ bytes: [UInt8], status: HTTPResponse.Status, headers: HTTPFields) -> Response {
        self.response(ByteBuffer(bytes: bytes), status: status, headers: headers)
    }

    private static func response(_ body: ByteBuffer, status: HTTPResponse.Status, headers: HTTPFields) -> Response {
        var headers = headers
        headers[.contentType] = TaggedBody.json
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}

/// What anyone may keep for a while, with the tag of its bytes.
struct TaggedBody: Sendable {
    static let json = "application/json; charset=utf-8"

    let body: ByteBuffer
    let type: String
    /// Quotation marks included.
    let tag: String

    init(_ bytes: [UInt8], type: String = Self.json) {
        self.body = ByteBuffer(bytes: bytes)
        self.type = type
        self.tag = "\"\(ContentHash(of: bytes).hex)\""
    }

    /// The body for public caches; 304 to those who have it.
    func response(to request: APIRequest) -> Response {
        var headers = HTTPFields.publicContent(tag: self.tag)
        if EntityTags.match(request.request.headers[values: .ifNoneMatch], tag: self.tag) {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentType] = self.type
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: self.body))
    }
}

extension HTTPFields {
    /// The headers of published content: anyone may keep it for a while and show it while asking for a newer one.
    static func publicContent(tag: String) -> HTTPFields {
        [.eTag: tag, .cacheControl: "public, max-age=60, stale-while-revalidate=600"]
    }
}
