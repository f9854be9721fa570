/// A part of a book: some weeks of study at one level.
public struct Part: Codable, Sendable, Hashable {
    /// Unique within the book.
    public var number: Int
    /// The title readers see.
    public var title: String
    /// How much it asks of the learner.
    public var layer: Layer
    /// The level it leads to.
    public var tier: Tier
    /// The folder under `parts/`, also a segment of the bucket path.
    public var folderName: String
    /// The first week of the course it fills, from 1.
    public var weekStart: Int?
    /// The last week it fills.
    public var weekEnd: Int?
    /// The chapters by number; a planned part may have some without lessons.
    public var chapters: [Chapter]

    /// A part from its fields.
    public init(
        number: Int, title: String, layer: Layer, tier: Tier, folderName: String, weekStart: Int? = nil,
        weekEnd: Int? = nil, chapters: [Chapter]
    ) {
        self.number = number
        self.title = title
        self.layer = layer
        self.tier = tier
        self.folderName = folderName
        self.weekStart = weekStart
        self.weekEnd = weekEnd
        self.chapters = chapters
    }

    enum CodingKeys: String, CodingKey {
        case number, title, layer, tier, chapters
        case folderName = "folder_name"
        case weekStart = "week_start"
        case weekEnd = "week_end"
    }
}
