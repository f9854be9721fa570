import Foundation
import HTTPTypes
import Hummingbird
import MarkdownHTML
import Textbook
import TextbookSync

/// The original lessons.
struct LessonPages: Sendable {
    private let site: Site

    init(_ site: Site) {
        self.site = site
    }

    var pages: [Page] { [Page("lessons/**", get: self.lesson)] }

    private func lesson(_ request: PageRequest) async throws -> Response {
        guard let slug = String(request.request.uri.path.dropFirst("/lessons/".count)).removingPercentEncoding else {
            throw HTTPError(.notFound)
        }
        guard let book = try await self.site.books.book()?.book else { throw HTTPError(.notFound) }
        guard let found = LessonInBook(slug, in: book) else { return try await self.moved(from: slug) }
        let text = Self.withoutFrontMatter(try await self.site.dependencies.bodies.body(of: found.lesson))
        let renderer = self.site.dependencies.renderer
        let page = LessonPage(found, headings: renderer.headings(text), html: try renderer.html(text))
        return try self.site.page(request, PageContent("lesson", title: found.lesson.title, page, place: .book))
    }

    /// Sends readers with an address of an earlier release to where the lesson stands now.
    private func moved(from slug: String) async throws -> Response {
        do {
            return Response(
                status: .permanentRedirect,
                headers: [
                    .location: LessonLink(try await self.site.dependencies.catalog.lesson(slug)).address,
                    .cacheControl: "public, max-age=60",
                ])
        } catch let error as CatalogError {
            guard error.code == .renamed, let now = error.slug else { throw HTTPError(.notFound) }
            return try await self.moved(from: now)
        }
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
