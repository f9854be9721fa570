import Textbook

/// How far a learner came: in the book, in each part and in each chapter.
public struct ProgressSummary: Encodable, Hashable, Sendable {
    /// Lessons and the time spent on them. Landing pages are not counted.
    public struct Count: Hashable, Sendable {
        public var total = 0
        /// Begun and not completed.
        public var inProgress = 0
        public var completed = 0
        /// Time spent.
        public var seconds = 0

        /// Completed ones in a hundred, rounded down; 0 where there is nothing to complete.
        public var percent: Int { self.total == 0 ? 0 : self.completed * 100 / self.total }

        mutating func add(_ other: Count) {
            self.total += other.total
            self.inProgress += other.inProgress
            self.completed += other.completed
            self.seconds += other.seconds
        }

        enum CodingKeys: String, CodingKey {
            case total, completed, percent, seconds
            case inProgress = "in_progress"
        }

        func encode(into encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(self.total, forKey: .total)
            try container.encode(self.inProgress, forKey: .inProgress)
            try container.encode(self.completed, forKey: .completed)
            try container.encode(self.percent, forKey: .percent)
            try container.encode(self.seconds, forKey: .seconds)
        }
    }

    /// A part or a chapter with its counts, flat, and the chapters of a part.
    public struct Section: Encodable, Hashable, Sendable {
        public var number: Int
        public var title: String
        public var count: Count
        /// The chapters of a part; `nil` for a chapter.
        public var chapters: [Section]?

        enum CodingKeys: String, CodingKey {
            case number, title, chapters
        }

        /// Writes the counts beside number and title.
        public func encode(to encoder: any Encoder) throws {
            try self.count.encode(into: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(self.number, forKey: .number)
            try container.encode(self.title, forKey: .title)
            try container.encodeIfPresent(self.chapters, forKey: .chapters)
        }
    }

    public var overall: Count
    public var parts: [Section]

    enum CodingKeys: String, CodingKey {
        case overall, parts
    }

    /// Counts a learner's progress through a curriculum.
    public init(_ curriculum: Curriculum, _ record: LearnerRecord) {
        self.overall = Count()
        self.parts = []
        for part in curriculum.parts {
            var section = Section(number: part.number, title: part.title, count: Count(), chapters: [])
            for chapter in part.chapters {
                let count = Self.count(chapter, record)
                section.chapters?.append(Section(number: chapter.number, title: chapter.title, count: count))
                section.count.add(count)
            }
            self.overall.add(section.count)
            self.parts.append(section)
        }
    }

    private static func count(_ chapter: Curriculum.Chapter, _ record: LearnerRecord) -> Count {
        var count = Count()
        for lesson in chapter.lessons where lesson.type != .index {
            count.total += 1
            guard let progress = record.progress[lesson.id] else { continue }
            switch progress.state {
            case .inProgress: count.inProgress += 1
            case .completed: count.completed += 1
            }
            count.seconds += progress.seconds
        }
        return count
    }

    /// Writes `overall` as an object of counts.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try self.overall.encode(into: container.superEncoder(forKey: .overall))
        try container.encode(self.parts, forKey: .parts)
    }
}
