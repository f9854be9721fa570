import Hummingbird
import Learners
import LearningPaths
import Personalization
import Postgres
import SemanticIndex
import TextbookSync

extension Problem {
    /// What an error means for the caller. The one table from the inner modules' errors to answers.
    init(describing error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as HTTPError: self.init(error)
        case let error as LearnerError: self.init(learner: error)
        case let error as PathError: self.init(path: error)
        case let error as PersonalizationError: self.init(personalization: error)
        case let error as CatalogError: self.init(catalog: error)
        case let error as LessonBodyError: self.init(body: error)
        case let error as SearchError: self.init(search: error)
        case let error as PostgresError: self.init(database: error)
        case is CancellationError:
            self.init(.stopping, "The request was given up before it was answered.", retryAfter: 1, cause: error)
        case let error as any HTTPResponseError: self.init(HTTPError(error.status))
        default: self.init(.internalError, "The request could not be carried out.", cause: error)
        }
    }

    private init(learner error: LearnerError) {
        switch error.code {
        case .malformedJSON: self.init(.malformedJSON, error.message)
        case .tooLarge: self.init(.contentTooLarge, error.message)
        case .invalidFields: self.init(.invalidFields, error.message, errors: error.fields.map(BadField.init))
        case .unknownLearner: self.init(.unknownUser, error.message)
        case .notOnboarded: self.init(.notOnboarded, error.message)
        case .alreadyExists: self.init(.alreadyExists, error.message)
        case .preconditionFailed: self.init(.preconditionFailed, error.message)
        case .corruptRow: self.init(.internalError, "The request could not be carried out.", cause: error)
        }
    }

    private init(path error: PathError) {
        switch error.code {
        case .unknownLearner: self.init(.unknownUser, error.message)
        case .unknownLesson: self.init(.unknownLesson, error.message)
        case .resourceUnreadable, .corruptRow:
            self.init(.internalError, "The request could not be carried out.", cause: error)
        }
    }

    private init(personalization error: PersonalizationError) {
        switch error.code {
        case .unknownUser: self.init(.unknownUser, error.message)
        case .notOnboarded: self.init(.notOnboarded, error.message)
        case .unknownLesson: self.init(.unknownLesson, error.message)
        case .contentMismatch: self.init(.contentMismatch, error.message)
        case .contentTooLarge: self.init(.contentTooLarge, error.message)
        case .notRequested: self.init(.notRequested, error.message)
        case .unknownOperation: self.init(.unknownOperation, error.message)
        case .contended: self.init(.overloaded, error.message, retryAfter: 1, cause: error)
        case .bodyUnreadable: self.init(.storageUnavailable, error.message, retryAfter: 5, cause: error)
        case .resourceUnreadable, .rejectedText, .corruptRow:
            self.init(.internalError, "The request could not be carried out.", cause: error)
        }
    }

    private init(catalog error: CatalogError) {
        switch error.code {
        case .notFound: self.init(.notFound, "What was asked for is not in the published book.", cause: error)
        case .renamed:
            self.init(.unknownLesson, "The lesson goes by \(error.slug ?? "another slug") now.", cause: error)
        }
    }

    private init(body error: LessonBodyError) {
        switch error.code {
        case .storageUnreachable:
            self.init(.storageUnavailable, "The storage server does not answer.", retryAfter: 5, cause: error)
        case .notFound, .storageRefused, .corrupt:
            self.init(
                .storageUnavailable, "The storage server does not give the lesson's text.", retryAfter: 30,
                cause: error)
        }
    }

    private init(search error: SearchError) {
        switch error.code {
        case .emptyQuery: self.init(field: "query", .empty, "The query is empty.")
        case .queryTooLong:
            self.init(
                field: "query", .malformed,
                "A query has at most \(SearchService.maximumQueryCharacters) characters.")
        case .invalidLimit:
            let limits = SearchService.limits
            self.init(
                field: "limit", .unknownValue,
                "Expected a whole number from \(limits.lowerBound) to \(limits.upperBound).")
        }
    }

    private init(database error: PostgresError) {
        switch error.code {
        case .poolExhausted:
            self.init(.overloaded, "Too many requests are waiting for the database.", retryAfter: 1, cause: error)
        case .timeout:
            self.init(.databaseUnavailable, "The database did not answer in time.", retryAfter: 2, cause: error)
        case .connectionFailed, .connectionLost:
            self.init(.databaseUnavailable, "The database cannot be reached.", retryAfter: 2, cause: error)
        case .unknownOutcome:
            self.init(
                .databaseUnavailable, "The database went away before it confirmed the change; it may have been made.",
                retryAfter: 2, cause: error)
        case .clientClosed, .cancelled:
            self.init(.stopping, "The process is stopping.", retryAfter: 1, cause: error)
        case .server where error.isTransient:
            self.init(.databaseUnavailable, "The database cannot do this now.", retryAfter: 2, cause: error)
        case .server, .decoding, .invalidArgument, .connectionReleased, .transactionAborted, .unexpectedAnswer:
            self.init(.internalError, "The request could not be carried out.", cause: error)
        }
    }
}
