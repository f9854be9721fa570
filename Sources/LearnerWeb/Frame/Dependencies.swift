public import FoundationEssentials
public import HTTPTypes
public import Hummingbird
public import Learners
public import LearningPaths
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
        /// How learners sign in; `nil` where they are anonymous.
        public var signIn: SignIn?
        /// The rates that work asked for through a page counts against.
        public var workGate: @Sendable (Request, any RequestContext) -> WorkGate
        /// The time of day.
        public var now: @Sendable () -> Date
        /// Makes the id of a learner who has none.
        public var makeLearnerID: @Sendable () -> LearnerID

        /// Everything the pages need.
        public init(
            learners: LearnerStore, progress: ProgressStore, reasonTexts: ReasonTexts, catalog: ContentCatalog,
            bodies: LessonBodies, personalization: PersonalizationService, search: SearchService,
            ownData: OwnDataAccess, signIn: SignIn? = nil,
            workGate: @escaping @Sendable (Request, any RequestContext) -> WorkGate = { _, _ in .open },
            now: @escaping @Sendable () -> Date = { Date() },
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
            self.signIn = signIn
            self.workGate = workGate
            self.now = now
            self.makeLearnerID = makeLearnerID
        }
    }

    /// A learner's right to take everything along, and to be forgotten.
    public struct OwnDataAccess: Sendable {
        /// Everything that is kept of the learner, as JSON; `nil` for an unknown one. Who signed in finds the identity in it.
        public var export: @Sendable (LearnerID, LearnerIdentity?) async throws -> [UInt8]?
        /// Removes it all; `false` for an unknown learner.
        public var delete: @Sendable (LearnerID) async throws -> Bool

        /// The two ways to one's own data.
        public init(
            export: @escaping @Sendable (LearnerID, LearnerIdentity?) async throws -> [UInt8]?,
            delete: @escaping @Sendable (LearnerID) async throws -> Bool
        ) {
            self.export = export
            self.delete = delete
        }
    }

    /// Knows who signed in with a request's headers.
    public struct SignIn: Sendable {
        /// Throws an error with the status 400 or 401 where the headers name nobody.
        public var signedIn: @Sendable (HTTPFields) async throws -> SignedIn
        /// The account of a sign-in. Where it has none, the first of the ids that nobody else signs in for becomes it.
        public var account: @Sendable (SignedIn, [LearnerID]) async throws -> LearnerID

        /// The two steps of signing in.
        public init(
            signedIn: @escaping @Sendable (HTTPFields) async throws -> SignedIn,
            account: @escaping @Sendable (SignedIn, [LearnerID]) async throws -> LearnerID
        ) {
            self.signedIn = signedIn
            self.account = account
        }
    }
}
