import Foundation
import TextbookSync

/// A link to a lesson.
struct LessonLink {
    let title: String
    let address: String
    let minutes: Int
    let type: String
    let isLab: Bool

    init(_ lesson: PublishedLesson) {
        self.title = lesson.title
        self.address = Self.address(of: lesson.slug)
        self.minutes = lesson.estimatedMinutes
        self.type = lesson.type
        self.isLab = lesson.type == "lab"
    }

    /// Where the lesson's page stands, or a section of it.
    static func address(of slug: String, section: String? = nil) -> String {
        "/lessons/\(self.encoded(slug))" + (section.map { "#\(self.encoded($0))" } ?? "")
    }

    /// Slashes of a slug stay as they are; a text with nothing encodable is no address of ours.
    static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: self.plain) ?? ""
    }

    private static let plain = CharacterSet(
        charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/")
}
