/// A chapter: lessons to be read in order, after the chapters it builds on.
public struct Chapter: Codable, Sendable, Hashable {
    /// Unique within the book.
    public var number: Int
    /// The place within its part, from 1.
    public var localNumber: Int
    /// The title readers see.
    public var title: String
    /// The folder under the part's `chapters/`, also a segment of the bucket path.
    public var folderName: String
    /// Numbers of the chapters to finish first, ascending.
    public var prerequisites: [Int]
    /// What a learner should be able to do before moving on.
    public var transitionCheck: String?
    /// The lessons in reading order; empty for a chapter that is only planned.
    public var lessons: [Lesson]

    /// A chapter from its fields.
    public init(
        number: Int, localNumber: Int, title: String, folderName: String, prerequisites: [Int] = [],
        transitionCheck: String? = nil, lessons: [Lesson] = []
    ) {
        self.number = number
        self.localNumber = localNumber
        self.title = title
        self.folderName = folderName
        self.prerequisites = prerequisites
        self.transitionCheck = transitionCheck
        self.lessons = lessons
    }

    enum CodingKeys: String, CodingKey {
        case number, title, prerequisites, lessons
        case localNumber = "local_number"
        case folderName = "folder_name"
        case transitionCheck = "transition_check"
    }
}
