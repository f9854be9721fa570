import Foundation
import TextbookSync

/// What the table of contents shows.
struct ContentsPage {
    struct Part {
        let number: Int
        let title: String
        let layer: String
        let tier: String
        let weeks: String?
        let chapters: [Chapter]
    }

    struct Chapter {
        let number: Int
        let title: String
        let lessons: [LessonLink]
        let isEmpty: Bool
    }

    let title: String
    let language: String
    let parts: [Part]

    init(_ book: PublishedBook) {
        self.title = book.title
        self.language = book.language
        self.parts = book.parts.map { part in
            Part(
                number: part.number, title: part.title, layer: part.layer, tier: part.tier,
                weeks: Self.weeks(part.weekStart, part.weekEnd),
                chapters: part.chapters.map { chapter in
                    Chapter(
                        number: chapter.number, title: chapter.title, lessons: chapter.lessons.map(LessonLink.init),
                        isEmpty: chapter.lessons.isEmpty)
                })
        }
    }

    private static func weeks(_ start: Int?, _ end: Int?) -> String? {
        guard let start else { return nil }
        guard let end, end != start else { return "week \(start)" }
        return "weeks \(start)–\(end)"
    }
}

/// A link to a lesson.
struct LessonLink {
    let title: String
    let address: String
    let minutes: Int
    let type: String
    let isLab: Bool

    init(_ lesson: PublishedLesson) {
        self.title = lesson.title
        // Slashes of a slug stay as they are; a slug with nothing encodable is no address of ours.
        let slug = lesson.slug.addingPercentEncoding(withAllowedCharacters: Self.plain) ?? ""
        self.address = "/lessons/\(slug)"
        self.minutes = lesson.estimatedMinutes
        self.type = lesson.type
        self.isLab = lesson.type == "lab"
    }

    private static let plain = CharacterSet(
        charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/")
}
