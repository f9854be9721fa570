public import Learners
public import LearningPaths
public import MarkdownHTML
public import Personalization
public import SemanticIndex
public import TextbookSync

extension LearnerWeb {
    /// What stands behind the pages.
    public struct Dependencies: Sendable {
        public var learners: LearnerStore
        public var progress: ProgressStore
        /// The sentences that say why something is recommended.
        public var reasonTexts: ReasonTexts
        public var catalog: ContentCatalog
        public var bodies: LessonBodies
        public var personalization: PersonalizationService
        public var search: SearchService
        public var ownData: OwnDataAccess
        public var renderer: MarkdownRenderer
        /// Makes the id of a learner who has none.
        public var makeLearnerID: @Sendable () -> LearnerID

        /// Everything the pages need.
        public init(
            learners: LearnerStore, progress: ProgressStore, reasonTexts: ReasonTexts, catalog: ContentCatalog,
            bodies: LessonBodies, personalization: PersonalizationService, search: SearchService,
            ownData: OwnDataAccess, renderer: MarkdownRenderer = MarkdownRenderer(),
            makeLearnerID: @escaping @Sendable () -> LearnerID = {
                var generator = SystemRandomNumberGenerator()
                return LearnerID.random(using: &generator)
            }
        ) {
            self.learners = learners
            self.progress = progress
            self.reasonTexts = reasonTexts
            self.catalog = catalog
            self.bodies = bodies
            self.personalization = personalization
            self.search = search
            self.ownData = ownData
            self.renderer = renderer
            self.makeLearnerID = makeLearnerID
        }
    }

    /// A learner's right to take everything along, and to be forgotten.
    public struct OwnDataAccess: Sendable {
        /// Everything that is kept of the learner, as JSON; `nil` for an unknown one.
        public var export: @Sendable (LearnerID) async throws -> [UInt8]?
        /// Removes it all; `false` for an unknown learner.
        public var delete: @Sendable (LearnerID) async throws -> Bool

        /// The two ways to one's own data.
        public init(
            export: @escaping @Sendable (LearnerID) async throws -> [UInt8]?,
            delete: @escaping @Sendable (LearnerID) async throws -> Bool
        ) {
            self.export = export
            self.delete = delete
        }
    }
}
