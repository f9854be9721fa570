import FoundationEssentials
import Learners
import Logging
import Postgres
import PostgresTesting
import Schema
import Testing

struct LearnerStoreTests {
    private static let profile = LearnerProfile(
        educationLevel: .graduate, programmingExperience: .none, roboticsBackground: true, aiMLExperience: .basic,
        learningGoals: [.research, .hobby])

    private nonisolated(nonsending) func withStore(
        _ body: nonisolated(nonsending) (LearnerStore, PostgresClient) async throws -> Void
    ) async throws {
        try await withTestClient { client in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            try await Migrator(database: client, migrations: try Migration.bundled(), logger: logger).up()
            try await body(LearnerStore(database: client), client)
        }
    }

    private func newID() -> LearnerID {
        var random = SystemRandomNumberGenerator()
        return LearnerID.random(using: &random)
    }

    private func code(_ body: () async throws -> Void) async -> LearnerError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? LearnerError)?.code
        }
    }

    @Test func anAccountIsMadeOnce() async throws {
        try await self.withStore { store, _ in
            let id = self.newID()
            let made = try await store.create(id)
            #expect(made.id == id && !made.onboardingCompleted)
            #expect(await self.code { _ = try await store.create(id) } == .alreadyExists)
            let read = try await store.learner(id)
            #expect(read == made)
            let none = try await store.learner(self.newID())
            #expect(none == nil)
        }
    }

    @Test func onboardingStoresTheAnswersAndMayBeRepeated() async throws {
        try await self.withStore { store, _ in
            let id = self.newID()
            #expect(
                await self.code { _ = try await store.completeOnboarding(id, profile: Self.profile) }
                    == .unknownLearner)
            _ = try await store.create(id)
            let first = try await store.completeOnboarding(id, profile: Self.profile)
            #expect(first.profile == Self.profile)
            #expect(first.preferencesHash == Self.profile.preferencesHash)
            let learner = try await store.learner(id)
            #expect(learner?.onboardingCompleted == true)
            let again = try await store.completeOnboarding(id, profile: Self.profile)
            #expect(again == first)
            var other = Self.profile
            other.learningGoals = [.teaching]
            let changed = try await store.completeOnboarding(id, profile: other)
            #expect(changed.id == first.id)
            #expect(changed.entityTag != first.entityTag)
        }
    }

    @Test func aChangeNeedsTheVersionItWasMadeFrom() async throws {
        try await self.withStore { store, _ in
            let id = self.newID()
            _ = try await store.create(id)
            #expect(await self.code { _ = try await store.change(id, ProfileChange()) } == .notOnboarded)
            let first = try await store.completeOnboarding(id, profile: Self.profile)
            var change = ProfileChange()
            change.preferredLanguage = .ur
            let second = try await store.change(id, change, ifMatch: .tags(["\"x\"", first.entityTag]))
            #expect(second.profile.preferredLanguage == .ur)
            #expect(
                await self.code { _ = try await store.change(id, change, ifMatch: .tags([first.entityTag])) }
                    == .preconditionFailed)
            // Back to the first answers: the same hash, and still another version.
            change.preferredLanguage = .en
            let third = try await store.change(id, change, ifMatch: .any)
            #expect(third.preferencesHash == first.preferencesHash)
            #expect(third.entityTag != first.entityTag)
        }
    }

    @Test func oneOfManyConcurrentChangesWins() async throws {
        try await self.withStore { store, _ in
            let id = self.newID()
            _ = try await store.create(id)
            let first = try await store.completeOnboarding(id, profile: Self.profile)
            let wins = await withTaskGroup(of: Bool.self) { group in
                for goal in LearningGoal.allCases {
                    group.addTask {
                        var change = ProfileChange()
                        change.learningGoals = [goal]
                        return (try? await store.change(id, change, ifMatch: .tags([first.entityTag]))) != nil
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(wins == 1)
        }
    }

    @Test func aChangeDeletesTheLearnersTextsAndNobodyElses() async throws {
        try await self.withStore { store, client in
            var ids: [LearnerID] = []
            for _ in 0..<2 {
                let id = self.newID()
                _ = try await store.create(id)
                _ = try await store.completeOnboarding(id, profile: Self.profile)
                try await client.execute(
                    """
                    INSERT INTO lectern.personalized_lesson
                        (user_id, lesson_slug, content_hash, preferences_hash, state, job_id, operation_id, recipe)
                    VALUES (\(id.uuid), 's', 'c', 'p', 'pending', 1, \(UUID()), 'r')
                    """)
                ids.append(id)
            }
            let same = ProfileChange()
            _ = try await store.change(ids[0], same)
            let untouched = try await client.query("SELECT user_id FROM lectern.personalized_lesson")
            #expect(untouched.count == 2)
            var change = ProfileChange()
            change.roboticsBackground = false
            _ = try await store.change(ids[0], change)
            let left = try await client.query("SELECT user_id FROM lectern.personalized_lesson").map {
                try $0.decode("user_id", as: UUID.self)
            }
            #expect(left == [ids[1].uuid])
        }
    }
}
