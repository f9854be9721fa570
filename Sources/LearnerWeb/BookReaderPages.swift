import Foundation
import HTTPTypes
import Hummingbird
import MarkdownHTML
import Textbook
import TextbookSync

/// The table of contents and the original lessons.
struct BookReaderPages: Sendable {
    let catalog: ContentCatalog
    let bodies: LessonBodies
    let renderer: MarkdownRenderer
    let pages: PageTemplates

    func contents(_ request: Request) async throws -> Response {
        let book: PublishedBook
        do {
            book = try await self.catalog.book()
        } catch let error as CatalogError where error.code == .notFound {
            throw HTTPError(.notFound)
        }
        return try self.answer(request, ContentsPage(book), template: .contents)
    }

    func lesson(_ request: Request) async throws -> Response {
        guard let slug = String(request.uri.path.dropFirst("/lessons/".count)).removingPercentEncoding else {
            throw HTTPError(.notFound)
        }
        guard let found = try await self.find(slug) else { return try await self.moved(from: slug) }
        let text = Self.withoutFrontMatter(try await self.bodies.body(of: found.lesson))
        let page = LessonPage(
            found, headings: self.renderer.headings(text), html: try self.renderer.html(text))
        return try self.answer(request, page, template: .lesson)
    }

    /// Sends readers with an address of an earlier release to where the lesson stands now.
    private func moved(from slug: String) async throws -> Response {
        do {
            return Response(
                status: .permanentRedirect,
                headers: [
                    .location: LessonLink(try await self.catalog.lesson(slug)).address,
                    .cacheControl: "public, max-age=60",
                ])
        } catch let error as CatalogError {
            guard error.code == .renamed, let now = error.slug else { throw HTTPError(.notFound) }
            return try await self.moved(from: now)
        }
    }

    private func find(_ slug: String) async throws -> LessonInBook? {
        do {
            return LessonInBook(slug, in: try await self.catalog.book())
        } catch let error as CatalogError where error.code == .notFound {
            return nil
        }
    }

    private func answer(_ request: Request, _ page: Any, template: PageTemplates.Name) throws -> Response {
        guard let response = self.pages.response(page, template: template) else {
            throw HTTPError(.internalServerError)
        }
        guard let tag = response.headers[.eTag], request.hasCopy(under: tag) else { return response }
        var headers = response.headers
        headers[.contentType] = nil
        return Response(status: .notModified, headers: headers)
    }

    /// The text that a reader sees.
    static func withoutFrontMatter(_ text: String) -> String {
        guard let first = BlockScanner.scan(text).first, first.kind == .frontMatter else { return text }
        return String(decoding: text.utf8.dropFirst(first.range.upperBound), as: UTF8.self)
    }
}

/// A lesson and what stands around it.
struct LessonInBook {
    let book: PublishedBook
    let part: PublishedPart
    let chapter: PublishedChapter
    let lesson: PublishedLesson
    let previous: PublishedLesson?
    let next: PublishedLesson?

    /// `nil` when the book has no such lesson.
    init?(_ slug: String, in book: PublishedBook) {
        let lessons = book.lessons
        guard let index = lessons.firstIndex(where: { $0.slug == slug }),
            let part = book.parts.first(where: { $0.number == lessons[index].partNumber }),
            let chapter = part.chapters.first(where: { $0.number == lessons[index].chapterNumber })
        else { return nil }
        self.book = book
        self.part = part
        self.chapter = chapter
        self.lesson = lessons[index]
        self.previous = index > 0 ? lessons[index - 1] : nil
        self.next = index + 1 < lessons.count ? lessons[index + 1] : nil
    }
}
