import ContentHashing
import Foundation
import Learners
import ServerTesting
import Testing
import Textbook

@testable import LearningPaths

@Suite struct PathWalkTests {
    @Test func everyProfileReachesTheEndOfTheBookByWhatStandsFirst() throws {
        #expect(LearnerProfile.all.count == 7_936)
        #expect(Set(LearnerProfile.all).count == 7_936)
        let part1 = try Sample.book { $0 <= 3 }
        // Each outlook on its own, with nothing shared.
        for outlook in Set(LearnerProfile.all.map(LearnerOutlook.init)) {
            #expect(Sample.walk(part1, outlook).sorted() == Array(part1.lessons.indices))
        }
        for book in [part1, try Sample.book { $0 != 5 }, try Sample.book()] {
            let walk = PathWalk(book)
            #expect(walk.deadEnd == nil && walk.isExhaustive)
        }
    }

    @Test func walkingTogetherLooksAtTheSamePlacesAsWalkingAlone() throws {
        let book = try Sample.book { $0 <= 4 }
        var places: Set<Set<Int>> = []
        for outlook in PathWalk.outlooks {
            let walked = Sample.walk(book, outlook)
            for count in 0...walked.count { places.insert(Set(walked.prefix(count))) }
        }
        #expect(PathWalk(book).places == places.count)
    }

    @Test func everyProfileIsOneOfTheOutlooksThatWalk() {
        let outlooks = Set(PathWalk.outlooks)
        #expect(outlooks.count == PathWalk.outlooks.count)
        for profile in LearnerProfile.all {
            let outlook = LearnerOutlook(profile)
            #expect(outlooks.contains { $0.level == outlook.level && $0.goals == outlook.goals })
        }
    }

    @Test func whereOneGroupWalksForAllADeadEndIsFoundAllTheSame() throws {
        var parts = try Sample.book().parts
        #expect(PathWalk(try Curriculum(parts: parts), limit: 50).deadEnd == nil)
        #expect(!PathWalk(try Curriculum(parts: parts), limit: 50).isExhaustive)
        parts[3].chapters[1].prerequisites.append(99)
        let book = try Curriculum(parts: parts)
        let ends = [0, 50, .max].map { PathWalk(book, limit: $0).deadEnd?.unreachable }
        #expect(ends[0] == ends[2] && ends[1] == ends[2])
        // Chapters 13, 14 and 18 are out of reach, and nothing else.
        #expect(
            ends[2]?.map { book.chapter(of: $0).number } == [13, 14, 18].flatMap { Array(repeating: $0, count: 4) })
    }

    @Test func aDeadEndIsFoundAndNamed() throws {
        let layer = try #require(Layer("L1"))
        let curriculum = try Curriculum(parts: [
            Curriculum.Part(
                number: 1, title: "P", layer: layer, tier: .a2,
                chapters: [
                    Curriculum.Chapter(
                        number: 1, title: "A", lessons: [Curriculum.Lesson(id: "a", slug: "a", title: "A")]),
                    Curriculum.Chapter(
                        number: 2, title: "B", prerequisites: [1, 9],
                        lessons: [Curriculum.Lesson(id: "b", slug: "b", title: "B")]),
                ])
        ])
        let end = try #require(PathWalk(curriculum).deadEnd)
        #expect(end.unreachable == [1])
        #expect(end.obstacle == .missingChapter(number: 9))
        #expect(end.outlooks == PathWalk.outlooks.count)
    }
}

@Suite struct CurriculumReviewTests {
    private func book(prerequisites: [Int] = [], goals: [String] = []) throws -> Book {
        let layer = try #require(Layer("L1"))
        func lesson(_ name: String) -> Lesson {
            Lesson(
                number: 1, title: name, slug: name, type: .lesson, contentHash: ContentHash(of: name),
                sha256: SHA256Hex.of(name), bucketPath: name, sidebarPosition: 1, estimatedMinutes: 30, goals: goals,
                sizeBytes: 1, sourcePath: "\(name).md")
        }
        func chapter(_ number: Int, _ needs: [Int]) -> Chapter {
            Chapter(
                number: number, localNumber: number, title: "C", folderName: "c\(number)", prerequisites: needs,
                lessons: [lesson("one-\(number)")])
        }
        return Book(
            slug: "book", title: "Book", language: "en",
            parts: [
                Part(
                    number: 1, title: "P", layer: layer, tier: .a2, folderName: "p",
                    chapters: [chapter(1, []), chapter(2, prerequisites)])
            ])
    }

    @Test func aGoodBookHasNoFindings() throws {
        #expect(try CurriculumReview().findings(of: self.book(prerequisites: [1], goals: ["hobby"])).isEmpty)
    }

    @Test func aLessonOutOfReachIsAnErrorThatNamesItsFile() throws {
        let findings = try CurriculumReview().findings(of: self.book(prerequisites: [7]))
        #expect(findings.map(\.code) == [.deadEnd])
        #expect(findings.map(\.severity) == [.error])
        #expect(findings.first?.file == "one-2.md")
        #expect(findings.first?.message.contains("chapter 7, which the book lacks") == true)
    }

    @Test func chaptersThatWaitForEachOtherAreAnErrorWithTheirPath() throws {
        let findings = try CurriculumReview().findings(of: self.book(prerequisites: [2]))
        #expect(findings.map(\.code) == [.prerequisiteCycle])
        #expect(findings.first?.message.contains("2 -> 2") == true)
    }

    @Test func aGoalThatNobodyCanHaveIsAWarning() throws {
        let findings = try CurriculumReview().findings(of: self.book(goals: ["hobby", "fame"]))
        #expect(findings.map(\.code) == [.unknownGoal, .unknownGoal])
        #expect(findings.map(\.severity) == [.warning, .warning])
        #expect(findings.first?.message.contains("fame") == true)
    }

    @Test func theAuthorsGoalsOutweighTheWords() throws {
        let words = try GoalWords.bundled()
        let fit = words.fit(
            tags: ["research", "fame"], title: "Build a simulation", headings: [], type: .lab, minutes: 10)
        #expect(LearningGoal.allCases.map { fit[$0] } == [0, 1_000, 0, 0, 0])
        let untagged = words.fit(tags: [], title: "Build a simulation", headings: [], type: .lab, minutes: 10)
        #expect(untagged[.buildingProjects] > 0 && untagged[.research] == 0)
    }
}
