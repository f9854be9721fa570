import Foundation
import HTTPTypes
import Hummingbird
import Learners
import LearningPaths
import Logging
import Personalization
import TextbookSync

extension LessonPages {
    /// What a form on the page may ask for.
    private enum Action: String {
        /// Have the text written; again, after a failure.
        case personalize, retry
        case complete
    }

    /// Takes a form and leads back to the page, so that loading it again repeats nothing.
    func act(_ request: PageRequest, _ form: Form) async throws -> Response {
        guard let action = form["action"].flatMap(Action.init) else { throw PageRefusal(.unprocessableContent) }
        switch try await self.find(request) {
        case .moved(let response): return response
        case .lesson(let found, _):
            let address = LessonLink(found.lesson).address
            switch action {
            case .personalize, .retry: return try await self.personalize(found, address, request)
            case .complete:
                let view = form["view"].flatMap(LessonView.init) ?? .original
                return try await self.complete(found, view.address(of: address), request)
            }
        }
    }

    private func personalize(_ found: LessonInBook, _ address: String, _ request: PageRequest) async throws -> Response
    {
        let shown = LessonView.personalized.address(of: address)
        guard let learner = request.visitor.id, request.visitor.isOnboarded else {
            // The tab itself tells what is missing.
            return self.site.seeOther(shown)
        }
        if let wait = request.work.admit(learner) {
            var response = try await self.answer(
                request, found, self.limited(wait, found, request), .tooManyRequests)
            response.headers[.retryAfter] = String(wait)
            return response
        }
        do {
            let answer = try await self.site.dependencies.personalization.request(
                userID: learner, slug: found.lesson.slug)
            // A text that is there costs nobody any work.
            if case .ready = answer { request.work.giveBack(learner) }
        } catch let error as PersonalizationError where Self.isExplained(error.code) {
            return self.site.seeOther(shown)
        } catch let error as CancellationError {
            throw error
        } catch {
            request.logger.warning("personalization not asked for", metadata: ["cause": "\(error)"])
            return try await self.answer(
                request, found, try self.content(of: .away, found, request), .serviceUnavailable)
        }
        return self.site.seeOther(shown)
    }

    /// Whether looking at the tab tells why there is no text.
    private static func isExplained(_ code: PersonalizationError.Code) -> Bool {
        switch code {
        case .unknownUser, .notOnboarded, .notRequested: true
        default: false
        }
    }

    private func complete(_ found: LessonInBook, _ address: String, _ request: PageRequest) async throws -> Response {
        guard let learner = request.visitor.id, request.visitor.hasAccount || request.visitor.isDatabaseAway else {
            return self.site.seeOther(Self.onboarding(then: address))
        }
        do {
            _ = try await self.site.dependencies.progress.complete(learner, slug: found.lesson.slug)
        } catch let error as PathError {
            guard error.code == .unknownLearner else { throw HTTPError(.notFound) }
            return self.site.seeOther(Self.onboarding(then: address))
        }
        return self.site.seeOther(address + "#progress")
    }
}
