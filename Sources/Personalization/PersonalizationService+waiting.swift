import FoundationEssentials
import Postgres
import Synchronization

extension PersonalizationService {
    /// Waits until a pending answer is settled, for as long as the caller agreed to.
    ///
    /// Looks at the row, at first often and then every 200 ms, a little apart from others who wait and together with
    /// those who look at the same moment.
    /// Beyond a bounded number of waiters the answer comes back at once, as it was.
    /// - Returns: the settled answer, or the given one when the time is over.
    public func wait(
        for answer: PersonalizationAnswer, atMost limit: Duration
    ) async throws -> PersonalizationAnswer {
        guard case .pending(let operation, let key, let isNew) = answer, limit > .zero else { return answer }
        let isAdmitted = self.waiters.withLock { count in
            guard count < self.configuration.maximumWaiters else { return false }
            count += 1
            return true
        }
        guard isAdmitted else { return answer }
        defer { self.waiters.withLock { $0 -= 1 } }
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: limit)
        var pace = LookPace(operation.id, longest: self.configuration.longestPause)
        var looks = 0
        while true {
            let left = clock.now.duration(to: deadline)
            guard left > .zero else { return answer }
            try await Task.sleep(for: min(pace.next(), left), clock: clock)
            looks += 1
            let question = PersonalizedLessonStore.Question(userID: key.userID, slug: key.lessonSlug)
            guard let row = try await self.lookUps.answer(for: question)?.row, row.key == key else {
                // Cleared, or the answers changed: nothing will come under this key.
                throw PersonalizationError(.notRequested, "The request was withdrawn while it was waited for.")
            }
            // The row tells every ordinary end; only now and then is the job asked whether it died without a word.
            let settled = row.state == .pending && looks.isMultiple(of: 10) ? try await self.resolved(row) : row
            if let settled, settled.state != .pending { return try await self.answer(settled, isNew: isNew) }
        }
    }
}
