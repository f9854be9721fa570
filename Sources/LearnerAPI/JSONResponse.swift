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

    /// The value as a JSON object with one more member, whose literal was made before.
    /// - Parameter value: becomes an object with at least one member.
    static func make(
        _ value: some Encodable, adding member: String, literal: String, headers: HTTPFields
    ) throws -> Response {
        let bytes = try self.bytes(of: value)
        var body = ByteBuffer()
        body.reserveCapacity(bytes.count + member.utf8.count + literal.utf8.count + 8)
        body.writeString("{\"\(member)\":")
        body.writeString(literal)
        body.writeString(",")
        body.writeBytes(bytes.dropFirst())
        return self.response(body, status: .ok, headers: headers)
    }

    /// The value for public caches, under a tag over its bytes; 304 to those who have it.
    static func cached(
        _ value: some Encodable, for request: APIRequest, maximumAge: Duration = .seconds(60)
    ) throws -> Response {
        let bytes = try self.bytes(of: value)
        let tag = "\"\(ContentHash(of: bytes).hex)\""
        let headers = HTTPFields.publicContent(tag: tag, maximumAge: maximumAge)
        if EntityTags.match(request.request.headers[values: .ifNoneMatch], tag: tag) {
            return Response(status: .notModified, headers: headers)
        }
        return self.response(bytes, status: .ok, headers: headers)
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

extension HTTPFields {
    /// The headers of published content: anyone may keep it for a while and show it while asking for a newer one.
    static func publicContent(tag: String, maximumAge: Duration = .seconds(60)) -> HTTPFields {
        [
            .eTag: tag,
            .cacheControl: "public, max-age=\(maximumAge.components.seconds), stale-while-revalidate=600",
        ]
    }
}
