public import Learners
public import Personalization
public import SemanticIndex
public import TextbookSync

extension LearnerAPI {
    /// What stands behind the API.
    public struct Dependencies: Sendable {
        public var learners: LearnerStore
        public var catalog: ContentCatalog
        public var bodies: LessonBodies
        public var personalization: PersonalizationService
        public var search: SearchService
        /// Makes the id of a learner who brings none.
        public var makeLearnerID: @Sendable () -> LearnerID

        /// Everything the routes need.
        public init(
            learners: LearnerStore, catalog: ContentCatalog, bodies: LessonBodies,
            personalization: PersonalizationService, search: SearchService,
            makeLearnerID: @escaping @Sendable () -> LearnerID = {
                var generator = SystemRandomNumberGenerator()
                return LearnerID.random(using: &generator)
            }
        ) {
            self.learners = learners
            self.catalog = catalog
            self.bodies = bodies
            self.personalization = personalization
            self.search = search
            self.makeLearnerID = makeLearnerID
        }
    }
}
