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
        self.cached(TaggedJSON(try self.bytes(of: value)), for: request)
    }

    /// The same of JSON that is there already.
    static func cached(_ answer: TaggedJSON, for request: APIRequest) -> Response {
        let headers = HTTPFields.publicContent(tag: answer.tag)
        if EntityTags.match(request.request.headers[values: .ifNoneMatch], tag: answer.tag) {
            return Response(status: .notModified, headers: headers)
        }
        return self.response(answer.body, status: .ok, headers: headers)
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
        headers[.contentType] = "application/json; charset=utf-8"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}

/// JSON with the tag of its bytes.
struct TaggedJSON: Sendable {
    let body: ByteBuffer
    /// Quotation marks included.
    let tag: String

    init(_ bytes: [UInt8]) {
        self.body = ByteBuffer(bytes: bytes)
        self.tag = "\"\(ContentHash(of: bytes).hex)\""
    }
}

extension HTTPFields {
    /// The headers of published content: anyone may keep it for a while and show it while asking for a newer one.
    static func publicContent(tag: String, maximumAge: Duration = .seconds(60)) -> HTTPFields {
        [
            .eTag: tag,
            .cacheControl: "public, max-age=\(maximumAge.components.seconds), stale-while-revalidate=600",
        ]
    }
}
