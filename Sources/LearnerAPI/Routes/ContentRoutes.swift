import HTTPTypes
import Hummingbird
import TextbookSync

/// The published book and its lessons.
struct ContentRoutes: Sendable {
    private let catalog: ContentCatalog
    private let bodies: LessonBodies
    private let answers = KeptAnswers()

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
        let edition = try await self.catalog.edition()
        return try await self.answer("book", in: edition, to: request) { edition.book }
    }

    private func parts(_ request: APIRequest) async throws -> Response {
        let edition = try await self.catalog.edition()
        return try await self.answer("parts", in: edition, to: request) { ["parts": edition.book.parts] }
    }

    private func part(_ request: APIRequest) async throws -> Response {
        guard let number = try request.number("number") else { throw Problem(.notFound, "Parts have numbers from 1.") }
        let edition = try await self.catalog.edition()
        guard let part = edition.part(number) else { throw Problem(.notFound, "The book has no part \(number).") }
        return try await self.answer("part \(number)", in: edition, to: request) { part }
    }

    private func chapter(_ request: APIRequest) async throws -> Response {
        guard let number = try request.number("number") else {
            throw Problem(.notFound, "Chapters have numbers from 1.")
        }
        let edition = try await self.catalog.edition()
        guard let chapter = edition.chapter(number) else {
            throw Problem(.notFound, "The book has no chapter \(number).")
        }
        return try await self.answer("chapter \(number)", in: edition, to: request) { chapter }
    }

    private func lesson(_ request: APIRequest) async throws -> Response {
        let edition = try await self.editionOfLessons()
        switch try await self.find(request, in: edition) {
        case .moved(let slug): return Self.moved(to: slug, suffix: "")
        case .lesson(let lesson):
            return try await self.answer("lesson \(lesson.slug)", in: edition, to: request) { lesson }
        }
    }

    private func content(_ request: APIRequest) async throws -> Response {
        let edition = try await self.editionOfLessons()
        let lesson: PublishedLesson
        switch try await self.find(request, in: edition) {
        case .moved(let slug): return Self.moved(to: slug, suffix: "/content")
        case .lesson(let found): lesson = found
        }
        let fields = request.request.headers
        let tag = "\"\(lesson.contentHash)\""
        var headers = HTTPFields.publicContent(tag: tag)
        headers[.vary] = "Accept"
        if EntityTags.match(fields[values: .ifNoneMatch], tag: tag) {
            return Response(status: .notModified, headers: headers)
        }
        guard Accept.prefers("text/markdown", to: "application/json", fields[values: .accept]) else {
            let answer = try await self.answers.answer("content \(lesson.slug)", in: edition) {
                LessonContent(lesson: lesson, content: try await self.bodies.body(of: lesson))
            }
            return JSONResponse.make(answer.body, headers: headers)
        }
        headers[.contentType] = "text/markdown; charset=utf-8"
        let text = try await self.bodies.body(of: lesson)
        return Response(
            status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    private func answer(
        _ name: String, in edition: PublishedEdition, to request: APIRequest, value: () throws -> some Encodable
    ) async throws -> Response {
        try await self.answers.answer(name, in: edition, value: value).response(to: request)
    }

    /// Sends whoever asks for a slug of earlier releases to the present one (RFC 9110, section 15.4.9).
    private static func moved(to slug: String?, suffix: String) -> Response {
        let path = PathText.encoding(slug ?? "")
        return Response(
            status: .permanentRedirect,
            headers: [.location: "/api/content/lessons/\(path)\(suffix)", .cacheControl: "public, max-age=60"])
    }

    private enum Found {
        case lesson(PublishedLesson)
        /// It goes by this slug now.
        case moved(String?)
    }

    private static let unknownLesson = Problem(.unknownLesson, "There is no published lesson with this slug.")

    /// Where nothing is published, no lesson is.
    private func editionOfLessons() async throws -> PublishedEdition {
        do {
            return try await self.catalog.edition()
        } catch let error as CatalogError where error.code == .notFound {
            throw Self.unknownLesson
        }
    }

    private func find(_ request: APIRequest, in edition: PublishedEdition) async throws -> Found {
        let slug = try request.slug().text
        if let lesson = edition.lesson(slug) { return .lesson(lesson) }
        let absence = try await self.catalog.absence(of: slug)
        guard absence.code == .renamed else { throw Self.unknownLesson }
        return .moved(absence.slug)
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
