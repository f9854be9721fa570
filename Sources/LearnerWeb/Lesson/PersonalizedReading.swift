import Foundation
import Learners
import LearningPaths
import Logging
import Personalization
import TextbookSync

/// How a learner's own text of a lesson stands.
enum PersonalizedReading: Sendable {
    case ready(PersonalizedLesson.Text, markdown: String)
    case pending(PersonalizationOperation, OperationProgress)
    case failed(PersonalizedLesson.Failure)
    /// Nobody asked for it with the present answers.
    case notRequested
    /// Nobody knows for whom to write.
    case needsOnboarding
    /// What keeps the texts does not answer.
    case away
}

extension LessonPages {
    /// Looks the text up; never asks for one.
    func reading(of slug: String, _ request: PageRequest) async throws -> PersonalizedReading {
        guard !request.visitor.isDatabaseAway else { return .away }
        guard let learner = request.visitor.id, request.visitor.isOnboarded else { return .needsOnboarding }
        do {
            // What ended between two looks is looked at once more.
            for _ in 0..<3 {
                if let reading = try await self.look(learner, slug) { return reading }
            }
            return .away
        } catch let error as CancellationError {
            throw error
        } catch let error as PersonalizationError {
            switch error.code {
            case .notRequested, .unknownOperation: return .notRequested
            case .unknownUser, .notOnboarded: return .needsOnboarding
            default: return self.away(error, request)
            }
        } catch {
            return self.away(error, request)
        }
    }

    private func away(_ error: any Error, _ request: PageRequest) -> PersonalizedReading {
        request.logger.warning("personalized text not looked up", metadata: ["cause": "\(error)"])
        return .away
    }

    /// `nil` when the operation ended while it was looked at.
    private func look(_ learner: LearnerID, _ slug: String) async throws -> PersonalizedReading? {
        let service = self.site.dependencies.personalization
        switch try await service.poll(userID: learner, slug: slug) {
        case .ready(let text, let key):
            return .ready(text, markdown: try await service.content(of: text, key))
        case .failed(let failure, _, _):
            return .failed(failure)
        case .pending(let pending, _, isNew: _):
            let (operation, progress) = try await service.look(at: pending.id, of: learner)
            switch progress.state {
            case .queued, .running: return .pending(operation, progress)
            case .succeeded, .failed, .cancelled: return nil
            }
        }
    }
}
