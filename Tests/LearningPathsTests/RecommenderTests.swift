import FoundationEssentials
import Learners
import Testing
import Textbook

@testable import LearningPaths

@Suite struct RecommenderTests {
    private func recommender(
        _ curriculum: Curriculum, _ progress: [String: LessonProgress] = [:], shown: [String: Int] = [:],
        profile: LearnerProfile = Sample.profile()
    ) -> Recommender {
        Recommender(
            curriculum,
            record: LearnerRecord(now: Sample.now, profile: profile, progress: progress, shown: shown),
            outlook: LearnerOutlook(profile))
    }

    private func all(_ chapters: ClosedRange<Int>, daysAgo: Double = 0) -> [String: LessonProgress] {
        var progress: [String: LessonProgress] = [:]
        for chapter in chapters {
            for lesson in 0..<4 { progress["\(chapter).\(lesson)"] = Sample.completed(daysAgo: daysAgo) }
        }
        return progress
    }

    @Test func nothingCompletedOrBlockedIsRecommendedAsNew() throws {
        let curriculum = try Sample.book()
        let recommender = self.recommender(curriculum, self.all(1...3))
        for entry in recommender.list where entry.kind != .review {
            #expect(!recommender.standpoint.isCompleted[entry.lesson])
            #expect(recommender.ready.obstacle(of: entry.lesson) == nil)
        }
        #expect(recommender.list.first.map { curriculum.lessons[$0.lesson].id } == "4.0")
    }

    @Test func eachGoalAloneChangesTheOrderSomewhere() throws {
        let curriculum = try Sample.book()
        let orders = LearningGoal.allCases.map { Sample.walk(curriculum, LearnerOutlook(Sample.profile([$0]))) }
        #expect(Set(orders).count == LearningGoal.allCases.count)
    }

    @Test func beginnersAreOfferedTheFirstTwoLayersOnly() throws {
        let curriculum = try Sample.book()
        for chapters in [1...1, 1...2, 1...3] {
            let list = self.recommender(curriculum, self.all(chapters)).list
            #expect(!list.isEmpty)
            for entry in list { #expect(curriculum.part(of: entry.lesson).layer.min <= 2) }
        }
    }

    @Test func oneStretchIsOfferedToThoseWhoKnowMoreAndSaysSo() throws {
        let curriculum = try Sample.book()
        // The way to chapter 15 is done, and its layer is not: part 4 is not begun.
        let progress = self.all(1...7)
        let expert = Sample.profile(
            [.research], programming: .advanced, ai: .advanced, education: .graduate, robotics: true)
        let recommender = self.recommender(curriculum, progress, profile: expert)
        let stretch = recommender.list.filter { $0.kind == .stretch }
        #expect(stretch.map { curriculum.lessons[$0.lesson].id } == ["15.0"])
        #expect(stretch.first.map { recommender.reasons(for: $0).first?.code } == .stretch)
        #expect(!self.recommender(curriculum, progress).list.contains { $0.kind == .stretch })
    }

    @Test func whatWasBegunComesFirstAndWhatIsIgnoredSinks() throws {
        let curriculum = try Sample.book()
        var progress = self.all(1...1)
        progress["3.0"] = LessonProgress(
            startedAt: Sample.now, lastAt: Sample.now.addingTimeInterval(-3_600), seconds: 300)
        let recommender = self.recommender(curriculum, progress)
        let first = try #require(recommender.list.first)
        #expect(curriculum.lessons[first.lesson].id == "3.0")
        #expect(recommender.reasons(for: first).first?.code == .begun)

        progress["3.0"] = nil
        let before = try #require(self.recommender(curriculum, progress).list.first)
        let id = curriculum.lessons[before.lesson].id
        let after = try #require(self.recommender(curriculum, progress, shown: [id: 3]).list.first)
        #expect(after.lesson != before.lesson)
    }

    @Test func aChapterFillsTwoPlacesAtMostAndOneInFiveIsAReview() throws {
        // Forty lessons that are ready at once, in chapters that wait for nothing.
        let curriculum = try Curriculum(parts: [
            Curriculum.Part(
                number: 1, title: "P", layer: try #require(Layer(min: 1, max: 1)), tier: .a2,
                chapters: (1...11).map { chapter in
                    Curriculum.Chapter(
                        number: chapter, title: "C",
                        lessons: (0..<4).map {
                            Curriculum.Lesson(
                                id: "\(chapter).\($0)", slug: "\(chapter)-\($0)", title: "T",
                                type: chapter == 1 || $0 == 0 ? .lesson : .summary)
                        })
                })
        ])
        let list = self.recommender(curriculum, self.all(1...1, daysAgo: 30)).list
        #expect(list.prefix(5).map(\.kind) == [.next, .next, .next, .next, .review])
        let chapters = list.filter { $0.kind == .next }.map { curriculum.chapter(of: $0.lesson).number }
        #expect(Dictionary(grouping: chapters) { $0 }.values.allSatisfy { $0.count <= 2 })
    }

    @Test func readingIsReviewedWhenItFadesOrWhenItsTextChanged() throws {
        let curriculum = try Sample.book { $0 == 1 }
        func codes(_ change: (inout LessonProgress) -> Void) -> [Reason.Code?] {
            var progress = self.all(1...1)
            progress["1.0"].map { one in
                var one = one
                change(&one)
                progress["1.0"] = one
            }
            let recommender = self.recommender(curriculum, progress)
            return recommender.list.map { recommender.reasons(for: $0).first?.code }
        }
        #expect(codes { _ in } == [])
        #expect(codes { $0.schedule = Sample.completed(daysAgo: 16).schedule } == [])
        #expect(codes { $0.schedule = Sample.completed(daysAgo: 19).schedule } == [.reviewDue])
        // One of five chunks is a fifth, and not more than that.
        #expect(codes { ($0.isChanged, $0.readChunks) = (true, [1, 2, 3, 4, 9]) } == [])
        #expect(codes { ($0.isChanged, $0.readChunks) = (true, [1, 2, 3, 8, 9]) } == [.updated])
        #expect(codes { $0.isChanged = true } == [.updated])
    }

    @Test func theLastThingLearnedIsReviewedFirst() throws {
        let curriculum = try Sample.book { $0 <= 2 }
        let list = self.recommender(curriculum, self.all(1...2, daysAgo: 40)).list
        #expect(list.first.map { curriculum.lessons[$0.lesson].id } == "2.3")
        #expect(list.count == 8)
    }

    @Test func whyNotNamesWhatIsMissing() throws {
        let curriculum = try Sample.book { $0 != 5 }
        func code(_ id: String, _ progress: [String: LessonProgress] = [:]) throws -> Reason {
            let lesson = try #require(curriculum.lesson(id: id))
            return self.recommender(curriculum, progress).whyNot(lesson, limit: 5)
        }
        #expect(try code("1.0") == Reason(.recommended, ["rank": .number(1)]))
        #expect(try code("1.1").code == .needsLesson)
        #expect(try code("1.0", ["1.0": Sample.completed()]).code == .completed)
        let needs = try code("4.0", ["3.0": Sample.completed()])
        #expect(needs.code == .needsChapter)
        #expect(needs.params["done"] == .number(1))
        #expect(needs.params["total"] == .number(4))
        // Chapter 5 is not written: chapter 7 waits for what chapter 5 waits for.
        #expect(try code("7.0", self.all(1...3)).params["chapter"] == .number(4))
        #expect(try code("15.0", self.all(1...7)).code == .layer)
    }

    @Test func anEmptyListSaysWhy() throws {
        let part1 = try Sample.book { $0 <= 3 }
        let pending = self.recommender(part1, self.all(1...3))
        #expect(pending.list.isEmpty)
        #expect(pending.state.word == "content_pending")
        #expect(pending.emptiness?.params["chapter"] == .number(4))
        let whole = try Sample.book()
        #expect(self.recommender(whole, self.all(1...18)).state == .complete)
        let broken = try Curriculum(parts: [
            Curriculum.Part(
                number: 1, title: "P", layer: try #require(Layer("L1")), tier: .a2,
                chapters: [
                    Curriculum.Chapter(
                        number: 1, title: "C", prerequisites: [9],
                        lessons: [Curriculum.Lesson(id: "1.0", slug: "s", title: "T")])
                ])
        ])
        let blocked = self.recommender(broken)
        #expect(blocked.state == .blocked(0, .missingChapter(number: 9)))
        #expect(blocked.whyNot(0, limit: 5).code == .missingChapter)
    }

    @Test func chaptersThatWaitForEachOtherAreRefusedWithThePath() throws {
        let layer = try #require(Layer("L1"))
        let error = #expect(throws: CurriculumError.self) {
            try Curriculum(parts: [
                Curriculum.Part(
                    number: 1, title: "P", layer: layer, tier: .a2,
                    chapters: [
                        Curriculum.Chapter(number: 1, title: "A", prerequisites: [3]),
                        Curriculum.Chapter(number: 2, title: "B", prerequisites: [1]),
                        Curriculum.Chapter(number: 3, title: "C", prerequisites: [2]),
                    ])
            ])
        }
        #expect(error?.description == "chapters wait for each other: 1 -> 3 -> 2 -> 1")
    }

    @Test func everyReasonHasItsSentenceInEveryLanguage() throws {
        let texts = try ReasonTexts.bundled()
        let reason = Reason(
            .needsChapter, ["chapter": .number(4), "title": .text("{x}"), "done": .number(2), "total": .number(4)])
        #expect(texts.text(reason, in: .en) == "Needs chapter 4, {x}: 2 of 4 lessons done.")
        #expect(texts.text(reason, in: .ur).contains("باب 4"))
        #expect(texts.text(Reason(.goal, ["goal": .text("hobby")]), in: .en) == "Fits your goal: a hobby.")
    }

    @Test func theForgettingCurveIsTheOneThatWasPromised() {
        let schedule = ReviewSchedule(reviewedAt: Sample.now, stabilityDays: 7)
        func day(_ days: Double) -> Date { Sample.now.addingTimeInterval(days * 86_400) }
        #expect(abs(schedule.recall(at: day(7)) - 0.9) < 1e-12)
        #expect(!schedule.isDue(at: day(16)) && schedule.isDue(at: day(17)))
        #expect(schedule.reviewed(at: day(17)).stabilityDays == 17.5)
        #expect(!schedule.acceptsReview(at: day(0.9)) && schedule.acceptsReview(at: day(1)))
    }
}
