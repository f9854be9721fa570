import HTTPTypes
import Hummingbird
import TextbookSync

/// The published book and its lessons.
struct ContentRoutes: Sendable {
    private let catalog: ContentCatalog
    private let bodies: LessonBodies

    init(_ dependencies: LearnerAPI.Dependencies) {
        self.catalog = dependencies.catalog
        self.bodies = dependencies.bodies
    }

    var routes: [Route] {
        [
            Route(.get, "content/book", self.book),
            Route(.get, "content/parts", self.parts),
            Route(.get, "content/parts/{number}", self.part),
            Route(.get, "content/chapters/{number}", self.chapter),
            Route(.get, "content/lessons/{slug...}/content", self.content),
            Route(.get, "content/lessons/{slug...}", self.lesson),
        ]
    }

    private func book(_ request: APIRequest) async throws -> Response {
        try JSONResponse.cached(try await self.catalog.book(), for: request)
    }

    private func parts(_ request: APIRequest) async throws -> Response {
        try JSONResponse.cached(["parts": try await self.catalog.parts()], for: request)
    }

    private func part(_ request: APIRequest) async throws -> Response {
        guard let number = try request.number("number") else { throw Problem(.notFound, "Parts have numbers from 1.") }
        return try JSONResponse.cached(try await self.catalog.part(number), for: request)
    }

    private func chapter(_ request: APIRequest) async throws -> Response {
        guard let number = try request.number("number") else {
            throw Problem(.notFound, "Chapters have numbers from 1.")
        }
        return try JSONResponse.cached(try await self.catalog.chapter(number), for: request)
    }

    private func lesson(_ request: APIRequest) async throws -> Response {
        do {
            return try JSONResponse.cached(try await self.publishedLesson(request), for: request)
        } catch let error as CatalogError where error.code == .renamed {
            return Self.moved(to: error.slug, suffix: "")
        }
    }

    private func content(_ request: APIRequest) async throws -> Response {
        let lesson: PublishedLesson
        do {
            lesson = try await self.publishedLesson(request)
        } catch let error as CatalogError where error.code == .renamed {
            return Self.moved(to: error.slug, suffix: "/content")
        }
        let fields = request.request.headers
        var headers = HTTPFields.publicContent(tag: "\"\(lesson.contentHash)\"")
        headers[.vary] = "Accept"
        if EntityTags.match(fields[values: .ifNoneMatch], tag: "\"\(lesson.contentHash)\"") {
            return Response(status: .notModified, headers: headers)
        }
        let text = try await self.bodies.body(of: lesson)
        guard Accept.prefers("text/markdown", to: "application/json", fields[values: .accept]) else {
            return try JSONResponse.make(LessonContent(lesson: lesson, content: text), headers: headers)
        }
        headers[.contentType] = "text/markdown; charset=utf-8"
        return Response(
            status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// Sends whoever asks for a slug of earlier releases to the present one (RFC 9110, section 15.4.9).
    private static func moved(to slug: String?, suffix: String) -> Response {
        let path = PathText.encoding(slug ?? "")
        return Response(
            status: .permanentRedirect,
            headers: [.location: "/api/content/lessons/\(path)\(suffix)", .cacheControl: "public, max-age=60"])
    }

    private func publishedLesson(_ request: APIRequest) async throws -> PublishedLesson {
        do {
            return try await self.catalog.lesson(try request.slug().text)
        } catch let error as CatalogError where error.code == .notFound {
            throw Problem(.unknownLesson, "There is no published lesson with this slug.")
        }
    }
}

/// A lesson with its text.
private struct LessonContent: Encodable {
    let lesson: PublishedLesson
    let content: String

    enum CodingKeys: String, CodingKey {
        case content
    }

    /// Writes the lesson's members, flat, beside `content`.
    func encode(to encoder: any Encoder) throws {
        try self.lesson.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.content, forKey: .content)
    }
}
