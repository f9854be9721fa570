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

    /// The value as JSON in which a member that is an empty string is filled with a literal made before.
    static func make(
        _ value: some Encodable, filling member: String, with literal: String, headers: HTTPFields
    ) throws -> Response {
        let bytes = try self.bytes(of: value)
        // Within a string the quotation marks would be escaped, so nothing but the member itself looks like this.
        guard let place = bytes.firstRange(of: Array("\"\(member)\":\"\"".utf8))?.upperBound else {
            preconditionFailure("the value has no empty member \(member)")
        }
        var body = ByteBuffer()
        body.reserveCapacity(bytes.count + literal.utf8.count)
        body.writeBytes(bytes[..<(place - 2)])
        body.writeString(literal)
        body.writeBytes(bytes[place...])
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
