public import Learners
public import LearningPaths
public import Personalization
public import SemanticIndex
public import TextbookSync

extension LearnerAPI {
    /// What stands behind the API.
    public struct Dependencies: Sendable {
        public var learners: LearnerStore
        public var progress: ProgressStore
        /// The sentences that say why something is recommended.
        public var reasonTexts: ReasonTexts
        public var catalog: ContentCatalog
        public var bodies: LessonBodies
        public var personalization: PersonalizationService
        public var search: SearchService
        /// Remembers what was answered under which `Idempotency-Key`; `nil` ignores the header.
        public var requestKeys: RequestKeyStore?
        /// Who may be told of the end of an operation, and how that is noted; `nil` where nobody may.
        public var webhooks: WebhookDesk?
        /// Checks who learners are; `nil` where they are anonymous.
        public var signIn: SignInDesk?
        public var configuration: Configuration
        public var time: Timekeeper
        /// Makes the id of a learner who brings none.
        public var makeLearnerID: @Sendable () -> LearnerID

        /// Everything the routes need.
        public init(
            learners: LearnerStore, progress: ProgressStore, reasonTexts: ReasonTexts, catalog: ContentCatalog,
            bodies: LessonBodies,
            personalization: PersonalizationService, search: SearchService,
            requestKeys: RequestKeyStore? = nil, webhooks: WebhookDesk? = nil,
            signIn: SignInDesk? = nil,
            configuration: Configuration = Configuration(), time: Timekeeper = .continuous(),
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
            self.requestKeys = requestKeys
            self.webhooks = webhooks
            self.signIn = signIn
            self.configuration = configuration
            self.time = time
            self.makeLearnerID = makeLearnerID
        }
    }
}
